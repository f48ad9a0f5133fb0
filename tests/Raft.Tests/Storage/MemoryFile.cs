namespace Swarm.Raft.Testing;

/// <summary>The bytes of a file: as a reader sees them, and what of them a power cut leaves.</summary>
internal sealed class MemoryFile
{
    private const int SectorBytes = 512;
    private readonly List<(long Offset, byte[] Bytes)> _pending = [];
    private byte[] _durable = [];

    public byte[] Current { get; private set; } = [];

    public void Set(byte[] bytes)
    {
        Current = bytes;
        _durable = [.. bytes];
        _pending.Clear();
    }

    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        _pending.Add((offset, bytes.ToArray()));
        Current = Put(Current, offset, bytes);
    }

    public void Sync()
    {
        foreach (var (offset, bytes) in _pending)
            _durable = Put(_durable, offset, bytes);
        _pending.Clear();
    }

    /// <summary>The medium did not take it, and readers still see it until the power goes.</summary>
    public void FailSync() => _pending.Clear();

    public void Crash(Func<int, int> dice)
    {
        foreach (var (offset, bytes) in _pending)
            CrashWrite(dice, offset, bytes);
        _pending.Clear();
        Current = [.. _durable];
    }

    private void CrashWrite(Func<int, int> dice, long offset, byte[] bytes)
    {
        var fate = dice(4);
        for (var at = 0; at < bytes.Length;)
        {
            var length = Math.Min(bytes.Length - at, SectorBytes - (int)((offset + at) % SectorBytes));
            if (fate == 1 || (fate > 1 && dice(2) == 0))
                _durable = Put(_durable, offset + at, bytes.AsSpan(at, length));
            at += length;
        }
    }

    private static byte[] Put(byte[] target, long offset, ReadOnlySpan<byte> bytes)
    {
        if (target.Length < offset + bytes.Length)
            Array.Resize(ref target, (int)offset + bytes.Length);
        bytes.CopyTo(target.AsSpan((int)offset));
        return target;
    }
}
