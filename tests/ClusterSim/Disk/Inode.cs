using System.Buffers;

namespace Swarm.ClusterSim.Disk;

/// <summary>
/// The bytes of a file: as a reader sees them, and as the medium has them. Written bytes are pending until a sync.
/// </summary>
internal sealed class Inode
{
    public const int SectorBytes = 512;
    private const int MaxOldSectors = 16;
    private readonly List<Pending> _pending = [];
    private readonly List<(int Offset, byte[] Bytes)> _oldSectors = [];
    private byte[] _durable = [];
    private byte[] _current = [];

    public int Length { get; private set; }

    public int DurableLength { get; private set; }

    /// <summary>Sectors as they were before they were overwritten, for stale reads.</summary>
    public IReadOnlyList<(int Offset, byte[] Bytes)> OldSectors => _oldSectors;

    public ReadOnlySpan<byte> Current => _current.AsSpan(0, Length);

    public ReadOnlySpan<byte> Durable => _durable.AsSpan(0, DurableLength);

    public void Write(int offset, ReadOnlySpan<byte> bytes)
    {
        var copy = ArrayPool<byte>.Shared.Rent(bytes.Length);
        bytes.CopyTo(copy);
        _pending.Add(new(offset, copy, bytes.Length));
        Length = Put(ref _current, Length, offset, bytes);
    }

    public void Sync()
    {
        foreach (var write in _pending)
        {
            KeepOld(write.Offset, write.Length);
            DurableLength = Put(ref _durable, DurableLength, write.Offset, write.Bytes);
        }
        ForgetPending();
    }

    /// <summary>The medium did not take it, and the page cache forgets that it should.</summary>
    public void FailSync() => ForgetPending();

    /// <summary>The page cache is read anew from the medium, but for what waits to be written.</summary>
    public void Evict()
    {
        CopyDurable();
        foreach (var write in _pending)
            Length = Put(ref _current, Length, write.Offset, write.Bytes);
    }

    /// <summary>Of each pending write nothing, all, or some sectors made it.</summary>
    public void CutPower(Dice dice, Coverage coverage)
    {
        foreach (var write in _pending)
            CutWrite(dice, coverage, write.Offset, write.Bytes);
        ForgetPending();
        CopyDurable();
    }

    /// <summary>Changes the medium behind everybody's back.</summary>
    public void Damage(int offset, ReadOnlySpan<byte> bytes)
    {
        DurableLength = Put(ref _durable, DurableLength, offset, bytes);
        Length = Put(ref _current, Length, offset, bytes);
    }

    private void CutWrite(Dice dice, Coverage coverage, int offset, ReadOnlySpan<byte> bytes)
    {
        var fate = dice.Below(4);
        coverage.Count(fate == 0 ? "write lost" : fate == 1 ? "write kept unsynced" : "write torn");
        for (var at = 0; at < bytes.Length;)
        {
            var length = Math.Min(bytes.Length - at, SectorBytes - ((offset + at) % SectorBytes));
            if (fate == 1 || (fate > 1 && dice.Below(2) == 0))
                DurableLength = Put(ref _durable, DurableLength, offset + at, bytes.Slice(at, length));
            at += length;
        }
    }

    private void KeepOld(int offset, int length)
    {
        var sector = offset / SectorBytes * SectorBytes;
        if (length > 8 * SectorBytes || sector + SectorBytes > DurableLength)
            return;
        var bytes = _oldSectors.Count < MaxOldSectors ? new byte[SectorBytes] : _oldSectors[0].Bytes;
        if (_oldSectors.Count == MaxOldSectors)
            _oldSectors.RemoveAt(0);
        _durable.AsSpan(sector, SectorBytes).CopyTo(bytes);
        _oldSectors.Add((sector, bytes));
    }

    private void ForgetPending()
    {
        foreach (var write in _pending)
            ArrayPool<byte>.Shared.Return(write.Room);
        _pending.Clear();
    }

    private void CopyDurable()
    {
        if (_current.Length < DurableLength)
            _current = new byte[DurableLength];
        Durable.CopyTo(_current);
        Length = DurableLength;
    }

    private static int Put(ref byte[] target, int length, int offset, ReadOnlySpan<byte> bytes)
    {
        var end = offset + bytes.Length;
        if (target.Length < end)
            Array.Resize(ref target, Math.Max(end, target.Length + (target.Length / 2)));
        if (offset > length)
            target.AsSpan(length, offset - length).Clear();
        bytes.CopyTo(target.AsSpan(offset));
        return Math.Max(length, end);
    }

    /// <param name="Offset">In the file.</param>
    /// <param name="Room">Lent; the bytes are at its beginning.</param>
    /// <param name="Length">Of the bytes.</param>
    private readonly record struct Pending(int Offset, byte[] Room, int Length)
    {
        public ReadOnlySpan<byte> Bytes => Room.AsSpan(0, Length);
    }
}
