using System.Diagnostics;
using System.IO.Compression;
using System.Security.Cryptography;

namespace Swarm.Runtime.Images;

/// <summary>
/// The uncompressed bytes of a layer: counted, hashed and limited while they are read. The form is told by the first
/// bytes, not by the media type, which builders get wrong; the diff id decides in the end anyway.
/// </summary>
internal sealed class LayerStream : Stream
{
    private const int PeekBytes = 4;
    private const int ChunkBytes = 128 * 1024;
    private readonly FileStream _file;
    private readonly Stream _source;
    private readonly LayerLimits _limits;
    private readonly CancellationToken _cancel;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly long _started = Stopwatch.GetTimestamp();
    // Headers are read in small pieces; inflating and hashing want large ones.
    private readonly byte[] _chunk = new byte[ChunkBytes];
    private long _bytes;
    private int _chunkAt;
    private int _chunkEnd;

    internal LayerStream(string path, LayerLimits limits, CancellationToken cancel)
    {
        _limits = limits;
        _cancel = cancel;
        _file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: ChunkBytes);
        Span<byte> magic = stackalloc byte[PeekBytes];
        _file.ReadAtLeast(magic, PeekBytes, throwOnEndOfStream: false);
        _file.Position = 0;
        _source = magic switch
        {
            [0x1f, 0x8b, ..] => new GZipStream(_file, CompressionMode.Decompress),
            [0x28, 0xb5, 0x2f, 0xfd] => new ZstdStream(_file),
            _ => _file,
        };
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => _bytes;
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        if (_chunkAt == _chunkEnd)
            Fill();
        var n = Math.Min(buffer.Length, _chunkEnd - _chunkAt);
        _chunk.AsSpan(_chunkAt, n).CopyTo(buffer);
        _chunkAt += n;
        return n;
    }

    /// <summary>
    /// Reads what follows the archive (padding) within the limits and tells the digest of everything.
    /// </summary>
    internal ImageDigest Finish()
    {
        do
        {
            Fill();
        }
        while (_chunkEnd > 0);

        return ImageDigest.FromHash(_hash.GetHashAndReset());
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        _source.Dispose();
        _file.Dispose();
        _hash.Dispose();
        base.Dispose(disposing);
    }

    private void Fill()
    {
        _chunkAt = 0;
        try
        {
            _chunkEnd = _source.Read(_chunk);
        }
        catch (InvalidDataException e)
        {
            throw new ImageException(ImageErrorKind.Corrupt, "layer is damaged: " + e.Message, e);
        }

        _hash.AppendData(_chunk, 0, _chunkEnd);
        _bytes += _chunkEnd;
        CheckLimits();
    }

    private void CheckLimits()
    {
        _cancel.ThrowIfCancellationRequested();
        if (_bytes > _limits.MaxUncompressedBytes)
            throw ImageException.TooLarge($"layer unpacks to more than {_limits.MaxUncompressedBytes} bytes");
        if (_bytes > _limits.FreeExpansionBytes && _bytes / _limits.MaxExpansionRatio > _file.Length)
            throw ImageException.TooLarge(
                $"layer unpacks to more than {_limits.MaxExpansionRatio} times its {_file.Length} bytes: "
                + "a decompression bomb");
        if (Stopwatch.GetElapsedTime(_started).TotalSeconds > _limits.MaxExtractSeconds)
            throw ImageException.TooLarge($"layer took longer than {_limits.MaxExtractSeconds} s to unpack");
    }
}
