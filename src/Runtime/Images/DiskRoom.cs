namespace Swarm.Runtime.Images;

/// <summary>What images may take of the disk.</summary>
public sealed record ImageDiskLimits
{
    /// <summary>Bytes of everything in the store; 0 = no budget.</summary>
    public long BudgetBytes { get; init; }

    /// <summary>Part of the file system that is left free, but no more than <see cref="MaxFreeBytes"/>.</summary>
    public int FreePercent { get; init; } = DefaultFreePercent;

    /// <summary>Default of <see cref="FreePercent"/>.</summary>
    public const int DefaultFreePercent = 10;

    /// <summary>Of a large disk this much is enough.</summary>
    public const long MaxFreeBytes = 20L << 30;

    /// <summary>An image that was wanted this recently is not removed: its task may be about to start.</summary>
    public TimeSpan MinAge { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Free and all bytes of the file system; the seam for tests.</summary>
    internal Func<string, (long Free, long Total)> Measure { get; init; } = path =>
    {
        var drive = new DriveInfo(path);
        return (drive.AvailableFreeSpace, drive.TotalSize);
    };
}

/// <summary>
/// Garbage collection by need of space. Only what a task brought and what can be pulled again goes by itself, the least
/// recently used first; what has a tag, is used, or is kept for a rollback stays, and raises an alarm when it is too
/// much.
/// </summary>
internal sealed class DiskRoom(StoreParts parts, ImageInventory inventory, ImageDiskLimits limits)
{
    /// <summary>Unpacked a layer takes about three times its archive, which is there at the same time.</summary>
    internal const int ArchiveFactor = 4;

    /// <summary>What pulls leave for everybody else on the disk, whatever happens.</summary>
    internal const long ReserveBytes = 256L << 20;

    private readonly Lock _collecting = new();
    private volatile string _alarm = "";

    internal string Alarm => _alarm;

    /// <summary>Before an archive of that size is downloaded.</summary>
    /// <exception cref="ImageException">There is not enough space, also after a collection.</exception>
    internal void Require(long archiveBytes)
    {
        var needed = (archiveBytes * ArchiveFactor) + ReserveBytes;
        if (Free() >= needed)
            return;
        Collect(needed);
        if (Free() is var free && free < needed)
            throw new ImageException(
                ImageErrorKind.DiskFull,
                $"no space for a layer of {archiveBytes} bytes: {needed} are needed to download and unpack it, the "
                + $"disk of {parts.Directory} has {free}; 'swarmctl image prune -a' removes what no container uses");
    }

    /// <summary>Keeps the limits, if what may be removed allows it; else there is an alarm.</summary>
    internal void Collect() => Collect(0);

    private void Collect(long freeBytes)
    {
        lock (_collecting)
        {
            while (Excess(freeBytes) is { Length: > 0 } excess)
            {
                if (RemoveOne())
                    continue;
                if (_alarm.Length == 0)
                    parts.Log(excess);
                _alarm = excess;
                return;
            }

            _alarm = "";
        }
    }

    /// <summary>The least recently used of those that may go; false when there is none.</summary>
    private bool RemoveOne()
    {
        var before = DateTimeOffset.UtcNow - limits.MinAge;
        StoredImage? victim = null;
        var swept = parts.Sweeper.Sweep(() =>
        {
            victim = inventory.List().Where(i => i.Tags.Count == 0 && i.CanComeBack && i.UsedAt < before
                    && i.UsedBy.Count == 0 && i.KeptFor.Count == 0 && !i.Records.Any(r => parts.Pins.IsPinned(r.Hex)))
                .MinBy(i => i.UsedAt);
            return victim?.Records ?? [];
        });
        if (victim is null)
            return swept.Bytes > 0;
        parts.Log($"image {victim.Digests[0]} was removed for its space ({swept.Bytes} bytes): no task needs it");
        return true;
    }

    /// <summary>Which limit is passed, for people; empty when none is.</summary>
    private string Excess(long freeBytes)
    {
        const string remedy = "what is left is used, tagged or kept for a rollback: "
            + "'swarmctl image prune -a' removes what no container uses";
        if (limits.BudgetBytes > 0 && Used() is var used && used > limits.BudgetBytes)
            return $"images take {used} bytes of this disk, the budget is {limits.BudgetBytes}; {remedy}, or raise "
                + "--image-budget";
        var (free, total) = limits.Measure(parts.Directory);
        var wanted = Math.Max(freeBytes, Math.Min(total / 100 * limits.FreePercent, ImageDiskLimits.MaxFreeBytes));
        return free < wanted
            ? $"the disk of the images has {free} bytes free, {wanted} are wanted; {remedy}"
            : "";
    }

    private long Free() => limits.Measure(parts.Directory).Free;

    private long Used()
    {
        lock (parts.Pins.Gate)
        {
            return parts.Layers.AllHex().Sum(h => parts.Layers.Describe(ImageDigest.OfHex(h)).Bytes)
                + parts.Blobs.AllHex().Sum(h => new FileInfo(parts.Blobs.PathOf(ImageDigest.OfHex(h))).Length);
        }
    }
}
