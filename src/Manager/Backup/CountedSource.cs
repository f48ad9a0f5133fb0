using System.Security.Cryptography;

namespace Swarm.Manager.Backup;

/// <summary>Reads whole pieces, and keeps position and digest of what was read.</summary>
internal sealed class CountedSource(Stream source) : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    internal long Position { get; private set; }

    /// <exception cref="BackupException">The source ends before.</exception>
    internal void Read(Span<byte> buffer)
    {
        var count = source.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        Position += count;
        if (count < buffer.Length)
        {
            throw BackupException.Cut(Position);
        }

        _hash.AppendData(buffer);
    }

    internal byte[] Digest() => _hash.GetCurrentHash();

    internal bool IsAtEnd()
    {
        Span<byte> one = stackalloc byte[1];
        return source.Read(one) == 0;
    }

    public void Dispose() => _hash.Dispose();
}
