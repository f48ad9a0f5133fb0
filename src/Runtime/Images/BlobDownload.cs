using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Swarm.Runtime.Images;

/// <summary>
/// One blob from the network to a file: hashed on the way, never longer than promised, never slower than allowed.
/// </summary>
internal sealed class BlobDownload(RegistryOptions options, Descriptor blob, SafeFileHandle file, PullMeter meter)
{
    private const int BufferBytes = 256 * 1024;
    private static readonly TimeSpan s_graceBeforeRate = TimeSpan.FromSeconds(30);

    /// <exception cref="ImageException">Stalled, broken off, too long, too short, or other bytes than
    /// promised.</exception>
    internal async Task RunAsync(Stream stream, CancellationToken ct)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[BufferBytes];
        var started = Stopwatch.GetTimestamp();
        long done = 0;
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
            meter.AddBytes(n);
            CheckRate(started, done);
        }

        if (done < blob.Size)
            throw new ImageException(
                ImageErrorKind.Unreachable, $"blob {blob.Digest} was broken off after {done} of {blob.Size} bytes");
        if (ImageDigest.FromHash(hash.GetHashAndReset()) != blob.Digest)
            throw ImageException.Corrupt($"blob {blob.Digest} is refused: its content has another digest");
    }

    private void CheckRate(long started, long done)
    {
        var elapsed = Stopwatch.GetElapsedTime(started);
        if (elapsed > s_graceBeforeRate && done < elapsed.TotalSeconds * options.MinBytesPerSecond)
            throw new ImageException(
                ImageErrorKind.Unreachable,
                $"registry is too slow: {done} bytes in {(int)elapsed.TotalSeconds} s, "
                + $"at least {options.MinBytesPerSecond} a second are expected");
    }
}
