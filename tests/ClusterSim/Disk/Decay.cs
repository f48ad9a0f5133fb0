namespace Swarm.ClusterSim.Disk;

/// <summary>
/// What media do behind everybody's back: a bit flips, a sector is written to the wrong place, an old sector comes
/// back. Also in what the last sync of a log made durable: the log has a copy of it elsewhere, without which it would
/// look like a write that was never acknowledged.
/// </summary>
internal static class Decay
{
    private const int Attempts = 12;

    /// <summary>The kind of damage that was done; null when there was nothing to damage.</summary>
    public static string? Strike(SimDisk disk, Dice dice)
    {
        var kind = dice.Below(3);
        for (var i = 0; i < Attempts; i++)
        {
            if (Strike(disk, kind, dice) is { } what)
                return what;
        }
        return null;
    }

    private static string? Strike(SimDisk disk, int kind, Dice dice)
    {
        var files = disk.Files.Select(f => (f.Value, End: UsedEnd(f.Value))).Where(f => f.End > 0).ToArray();
        if (files.Length == 0)
            return null;
        var (inode, end) = dice.Pick(files);
        return kind switch
        {
            0 => Flip(inode, end, dice),
            1 => Misdirect((inode, end), dice.Pick(files).Value, dice),
            _ => GoStale(inode, end, dice),
        };
    }

    private static string? Flip(Inode inode, int end, Dice dice)
    {
        var at = dice.Below(end);
        inode.Damage(at, [(byte)(inode.Durable[at] ^ (1 << dice.Below(8)))]);
        return "bit flipped";
    }

    private static string? Misdirect((Inode Inode, int End) target, Inode source, Dice dice)
    {
        if (target.End < Inode.SectorBytes)
            return null;
        var (to, from) = (dice.Below(target.End / Inode.SectorBytes), dice.Below(Sectors(source)));
        var bytes = Sector(source, from);
        if (bytes.SequenceEqual(Sector(target.Inode, to)))
            return null;
        target.Inode.Damage(to * Inode.SectorBytes, bytes);
        return "sector misdirected";
    }

    private static string? GoStale(Inode inode, int end, Dice dice)
    {
        var old = inode.OldSectors.Where(o => o.Offset + Inode.SectorBytes <= end).ToArray();
        if (old.Length == 0)
            return null;
        var (offset, bytes) = dice.Pick(old);
        if (inode.Durable.Slice(offset, Inode.SectorBytes).SequenceEqual(bytes))
            return null;
        inode.Damage(offset, bytes);
        return "sector stale";
    }

    private static byte[] Sector(Inode inode, int number) =>
        inode.Durable.Slice(number * Inode.SectorBytes, Inode.SectorBytes).ToArray();

    private static int Sectors(Inode inode) => Math.Max(1, inode.DurableLength / Inode.SectorBytes);

    /// <summary>End of what may be damaged.</summary>
    private static int UsedEnd(Inode inode) =>
        inode.DurableLength < Inode.SectorBytes ? 0 : inode.Durable.LastIndexOfAnyExcept((byte)0) + 1;
}
