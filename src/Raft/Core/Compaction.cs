namespace Swarm.Raft.Core;

/// <summary>
/// What of the log goes once a snapshot is durable (Raft §7). Enough stays for followers that lag a little; for one
/// that is heard and needs more, or that is being sent a snapshot, more stays, but not without bound.
/// </summary>
internal static class Compaction
{
    /// <summary>Last entry that can go; less than the first one of the log when none can.</summary>
    /// <param name="s">The member.</param>
    /// <param name="all">Keep nothing in reserve, only what followers need.</param>
    public static ulong Target(CoreState s, bool all)
    {
        if (s.Snapshot is not { } file)
            return 0;
        var o = s.Options;
        var snapshot = Math.Min(file.Mark.Index, s.Log.Applied);
        var target = all ? snapshot : Before(s, snapshot, o.KeepEntries, o.KeepBytes);
        if (Planted.Breaks(Rule.R16))
            return snapshot;
        if (s.Role is not Role.Leader leader)
            return target;
        var least = Before(
            s, snapshot, (long)o.KeepEntries * o.KeepForFollowersFactor, o.KeepBytes * o.KeepForFollowersFactor);
        foreach (var progress in leader.Followers.Values)
        {
            if (progress.SilentTicks < o.ElectionMaxTicks)
                target = Math.Min(target, Math.Max(least, Needed(progress)));
        }
        return target;
    }

    /// <summary>The entry up to which a follower needs nothing any more.</summary>
    private static ulong Needed(Progress progress) => progress.State == ProgressState.Snapshot
        ? progress.Transfer?.Mark.Index ?? ulong.MaxValue
        : progress.Match;

    /// <summary>The last entry that goes when so many, or so many bytes of them, stay up to an index.</summary>
    private static ulong Before(CoreState s, ulong index, long entries, long bytes)
    {
        while (index >= s.Log.FirstIndex && entries-- > 0 && (bytes -= s.Log.At(index).CostBytes) >= 0)
            index--;
        return index;
    }
}
