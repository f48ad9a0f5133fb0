namespace Swarm.Runtime.Images;

/// <summary>What somebody sends, as a private file of a bounded size.</summary>
internal static class Uploads
{
    private const int CopyBytes = 128 * 1024;

    /// <exception cref="ImageException">It is larger than allowed, or empty.</exception>
    internal static void Save(Stream from, string path, long maxBytes, CancellationToken ct)
    {
        using var file = StoreFiles.Create(path);
        var buffer = new byte[CopyBytes];
        var at = 0L;
        for (int n; (n = from.Read(buffer)) > 0; at += n)
        {
            ct.ThrowIfCancellationRequested();
            if (at + n > maxBytes)
                throw ImageException.TooLarge($"file is refused: it has more than {maxBytes} bytes");
            RandomAccess.Write(file, buffer.AsSpan(0, n), at);
        }

        if (at == 0)
            throw ImageException.Invalid("file is refused: it is empty");
    }
}
