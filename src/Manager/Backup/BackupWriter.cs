using System.Buffers.Binary;
using System.Security.Cryptography;
using Google.Protobuf;
using Swarm.Protocol.V1;

namespace Swarm.Manager.Backup;

/// <summary>Cuts what is written into checked, and with a key encrypted, blocks. <see cref="Finish"/> ends the
/// file.</summary>
internal sealed class BackupWriter : Stream
{
    private readonly Stream _target;
    private readonly AesGcm? _cipher;
    private readonly IncrementalHash _whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _headerDigest;
    private readonly byte[] _plain = new byte[BackupFormat.BlockBytes];
    private readonly byte[] _block = new byte[BackupFormat.BlockHeadBytes + BackupFormat.BlockBytes
        + BackupFormat.TagBytes];
    private int _filled;
    private ulong _blocks;

    internal BackupWriter(Stream target, BackupHeader header, byte[]? key)
    {
        _target = target;
        _cipher = key is null ? null : new AesGcm(key, BackupFormat.TagBytes);
        var bytes = header.ToByteArray();
        var head = new byte[BackupFormat.PrefixBytes + bytes.Length];
        BackupFormat.Magic.CopyTo(head);
        BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(BackupFormat.MagicBytes), BackupFormat.Version);
        BinaryPrimitives.WriteUInt32LittleEndian(
            head.AsSpan(BackupFormat.MagicBytes + sizeof(uint)), (uint)bytes.Length);
        bytes.CopyTo(head, BackupFormat.PrefixBytes);
        _headerDigest = SHA256.HashData(head);
        Put(head);
        Put(_headerDigest);
    }

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            // A full block is kept until more comes: the last one has a mark.
            if (_filled == _plain.Length)
            {
                Block(last: false);
            }

            var part = buffer[..Math.Min(buffer.Length, _plain.Length - _filled)];
            part.CopyTo(_plain.AsSpan(_filled));
            _filled += part.Length;
            buffer = buffer[part.Length..];
        }
    }

    public override void Flush()
    {
    }

    /// <summary>The last block and the trailer.</summary>
    internal void Finish()
    {
        Block(last: true);
        Span<byte> end = stackalloc byte[BackupFormat.MagicBytes + sizeof(ulong)];
        BackupFormat.EndMagic.CopyTo(end);
        BinaryPrimitives.WriteUInt64LittleEndian(end[BackupFormat.MagicBytes..], _blocks);
        Put(end);
        _target.Write(_whole.GetHashAndReset());
        _target.Flush();
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _cipher?.Dispose();
            _whole.Dispose();
            CryptographicOperations.ZeroMemory(_plain);
        }

        base.Dispose(disposing);
    }

    private void Block(bool last)
    {
        var bytes = _filled + (_cipher is null ? 0 : BackupFormat.TagBytes);
        var length = (uint)bytes | (last ? BackupFormat.LastBlock : 0);
        var body = _block.AsSpan(BackupFormat.BlockHeadBytes, bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(_block, length);
        if (_cipher is null)
        {
            _plain.AsSpan(0, _filled).CopyTo(body);
        }
        else
        {
            BlockCipher.Encrypt(
                _cipher, new BlockPlace(_headerDigest, _blocks, length), _plain.AsSpan(0, _filled), body);
        }

        BinaryPrimitives.WriteUInt32LittleEndian(
            _block.AsSpan(sizeof(uint)), BackupFormat.Checksum(_blocks, length, body));
        Put(_block.AsSpan(0, BackupFormat.BlockHeadBytes + bytes));
        _blocks++;
        _filled = 0;
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        _whole.AppendData(bytes);
        _target.Write(bytes);
    }
}
