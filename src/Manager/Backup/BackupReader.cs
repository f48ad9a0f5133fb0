using System.Buffers.Binary;
using System.Security.Cryptography;
using Swarm.Protocol.V1;

namespace Swarm.Manager.Backup;

/// <summary>
/// The plain bytes of a backup, each block checked before any of it is given out. <see cref="Finish"/> checks the
/// trailer: before it has returned, nothing that was read may be used.
/// </summary>
internal sealed class BackupReader : Stream
{
    private readonly CountedSource _source;
    private readonly byte[] _plain = new byte[BackupFormat.BlockBytes];
    private readonly byte[] _body = new byte[BackupFormat.BlockBytes + BackupFormat.TagBytes];
    private readonly byte[] _headerDigest;
    private AesGcm? _cipher;
    private int _at;
    private int _filled;
    private ulong _blocks;
    private bool _ended;

    /// <summary>Reads the header.</summary>
    /// <exception cref="BackupException">There is none that this program reads.</exception>
    internal BackupReader(Stream source)
    {
        _source = new CountedSource(source);
        (Header, _headerDigest) = HeaderReader.Read(_source);
    }

    /// <summary>Whole and undamaged; that it is the swarm's own word is known only of an encrypted file.</summary>
    internal BackupHeader Header { get; }

    internal long FileBytes => _source.Position;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Before the first read of an encrypted backup.</summary>
    internal void Unlock(byte[] key) => _cipher = new AesGcm(key, BackupFormat.TagBytes);

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <exception cref="BackupException">The next block is damaged or missing.</exception>
    public override int Read(Span<byte> buffer)
    {
        while (_at == _filled && !_ended)
        {
            NextBlock();
        }

        var count = Math.Min(buffer.Length, _filled - _at);
        _plain.AsSpan(_at, count).CopyTo(buffer);
        _at += count;
        return count;
    }

    /// <summary>Reads what is left, and the trailer.</summary>
    /// <exception cref="BackupException">The file is damaged, or goes on after its end.</exception>
    internal void Finish()
    {
        while (!_ended)
        {
            NextBlock();
        }

        var at = _source.Position;
        Span<byte> end = stackalloc byte[BackupFormat.TrailerBytes];
        _source.Read(end[..^BackupFormat.DigestBytes]);
        var digest = _source.Digest();
        _source.Read(end[^BackupFormat.DigestBytes..]);
        var blocks = BinaryPrimitives.ReadUInt64LittleEndian(end[BackupFormat.MagicBytes..]);
        if (!end[..BackupFormat.MagicBytes].SequenceEqual(BackupFormat.EndMagic) || blocks != _blocks
            || !end[^BackupFormat.DigestBytes..].SequenceEqual(digest))
        {
            throw BackupException.Damaged(at, "its end does not fit what is before it");
        }

        if (!_source.IsAtEnd())
        {
            throw BackupException.Damaged(_source.Position, "there is something after its end");
        }
    }

    public override void Flush()
    {
    }

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _cipher?.Dispose();
            _source.Dispose();
            CryptographicOperations.ZeroMemory(_plain);
        }

        base.Dispose(disposing);
    }

    private void NextBlock()
    {
        var at = _source.Position;
        Span<byte> head = stackalloc byte[BackupFormat.BlockHeadBytes];
        _source.Read(head);
        var length = BinaryPrimitives.ReadUInt32LittleEndian(head);
        var bytes = (int)(length & ~BackupFormat.LastBlock);
        var extra = _cipher is null ? 0 : BackupFormat.TagBytes;
        if (bytes < extra || bytes > BackupFormat.BlockBytes + extra)
        {
            throw BackupException.Damaged(at, $"block {_blocks} says that it has {bytes} bytes");
        }

        var body = _body.AsSpan(0, bytes);
        _source.Read(body);
        if (BackupFormat.Checksum(_blocks, length, body)
            != BinaryPrimitives.ReadUInt32LittleEndian(head[sizeof(uint)..]))
        {
            throw BackupException.Damaged(at, $"the checksum of block {_blocks} does not fit");
        }

        (_at, _filled) = (0, bytes - extra);
        Open(new BlockPlace(_headerDigest, _blocks, length), body, at);
        _blocks++;
        _ended = (length & BackupFormat.LastBlock) != 0;
    }

    private void Open(BlockPlace place, ReadOnlySpan<byte> body, long at)
    {
        if (_cipher is null)
        {
            body.CopyTo(_plain);
            return;
        }

        try
        {
            BlockCipher.Decrypt(_cipher, place, body, _plain.AsSpan(0, _filled));
        }
        catch (AuthenticationTagMismatchException)
        {
            throw BackupException.Damaged(at, $"block {_blocks} is not what was encrypted there");
        }
    }
}
