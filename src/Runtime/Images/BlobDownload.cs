using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Swarm.Runtime.Images;

/// <summary>
/// One blob from the network to a file: hashed on the way, never longer than promised, never slower than allowed. What
/// the file has already from an earlier attempt is hashed first.
/// </summary>
internal sealed class BlobDownload(RegistryOptions options, Descriptor blob, SafeFileHandle file, LayerMeter meter)
{
    private const int BufferBytes = 256 * 1024;

    /// <param name="stream">What the registry sends.</param>
    /// <param name="from">The first byte that it sends; the file has those before.</param>
    /// <param name="ct">Gives up.</param>
    /// <exception cref="ImageException">Stalled, broken off, too long, too short, or other bytes than
    /// promised.</exception>
    internal async Task RunAsync(Stream stream, long from, CancellationToken ct)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[BufferBytes];
        HashBegun(hash, buffer, from);
        var started = Stopwatch.GetTimestamp();
        var done = from;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        while (true)
        {
            limit.CancelAfter(options.StallTimeout);
            var n = await BoundedBody.ReadSomeAsync(stream, buffer, limit.Token, ct).ConfigureAwait(false);
            if (n == 0)
                break;
            if (done + n > blob.Size)
                throw ImageException.Corrupt(
                    $"blob {blob.Digest} is refused: it is longer than the promised {blob.Size} bytes");
            hash.AppendData(buffer, 0, n);
            RandomAccess.Write(file, buffer.AsSpan(0, n), done);
            done += n;
            meter.Have(done);
            CheckRate(started, done - from);
        }

        if (done < blob.Size)
            throw new ImageException(
                ImageErrorKind.Unreachable, $"blob {blob.Digest} was broken off after {done} of {blob.Size} bytes");
        if (ImageDigest.FromHash(hash.GetHashAndReset()) != blob.Digest)
            throw ImageException.Corrupt($"blob {blob.Digest} is refused: its content has another digest");
    }

    private void HashBegun(IncrementalHash hash, byte[] buffer, long from)
    {
        for (long at = 0; at < from;)
        {
            var n = RandomAccess.Read(file, buffer.AsSpan(0, (int)Math.Min(buffer.Length, from - at)), at);
            if (n == 0)
                throw new IOException($"the begun download of blob {blob.Digest} is shorter than it was");
            hash.AppendData(buffer, 0, n);
            at += n;
        }

        meter.Have(from);
    }

    private void CheckRate(long started, long done)
    {
        var elapsed = Stopwatch.GetElapsedTime(started);
        if (elapsed > options.GraceBeforeRate && done < elapsed.TotalSeconds * options.MinBytesPerSecond)
            throw new ImageException(
                ImageErrorKind.Unreachable,
                $"registry is too slow: {done} bytes in {(int)elapsed.TotalSeconds} s, "
                + $"at least {options.MinBytesPerSecond} a second are expected");
    }
}
