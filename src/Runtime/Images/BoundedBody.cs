namespace Swarm.Runtime.Images;

/// <summary>Reads the body of an answer within a size, and gives up when it falls silent.</summary>
internal static class BoundedBody
{
    private const int FirstBytes = 16 * 1024;

    /// <exception cref="ImageException">The body is larger than allowed, ends early or stalls.</exception>
    internal static async Task<byte[]> ReadAsync(
        HttpResponseMessage response, int maxBytes, TimeSpan stall, CancellationToken ct)
    {
        if (response.Content.Headers.ContentLength > maxBytes)
            throw ImageException.TooLarge($"registry answers with more than the {maxBytes} bytes that are accepted");
        var stream = await response.Content.ReadAsStreamAsync(ct).ConfigureAwait(false);
        await using var _ = stream.ConfigureAwait(false);
        using var body = new MemoryStream();
        var buffer = new byte[FirstBytes];
        // The whole of a small answer has the time that a single silence has.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(stall);
        for (int n; (n = await ReadSomeAsync(stream, buffer, limit.Token, ct).ConfigureAwait(false)) > 0;)
        {
            if (body.Length + n > maxBytes)
                throw ImageException.TooLarge(
                    $"registry answers with more than the {maxBytes} bytes that are accepted");
            body.Write(buffer, 0, n);
        }

        return body.ToArray();
    }

    /// <param name="limited">Fires when the peer has been silent for too long.</param>
    /// <param name="ct">The caller's own wish to stop.</param>
    internal static async Task<int> ReadSomeAsync(
        Stream stream, Memory<byte> buffer, CancellationToken limited, CancellationToken ct)
    {
        try
        {
            return await stream.ReadAsync(buffer, limited).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new ImageException(ImageErrorKind.Unreachable, "registry is too slow: the answer stalled");
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new ImageException(ImageErrorKind.Unreachable, "registry broke off its answer: " + e.Message, e);
        }
    }
}
