using Swarm.ClusterSim.Disk;
using Swarm.Raft;

namespace Swarm.ClusterSim.Raft;

/// <summary>Disks that are slow, fail, fill up, rot, or are gone.</summary>
internal sealed class DiskFaults(World world)
{
    private const int NormalSyncUs = 200;

    private Dice Dice => world.Dice;

    public void Slow(int maxMs)
    {
        if (world.Chaos.AnyUp() is not { } member)
            return;
        world.Coverage.Count("slow disk");
        member.Disk.SyncUs = Dice.Pick([3_000, 20_000, 100_000, 400_000]);
        world.Chaos.After(Dice.Below(maxMs), () => member.Disk.SyncUs = NormalSyncUs);
    }

    public void FailSync()
    {
        if (world.Chaos.AnyUp() is { } member)
            member.Disk.FailSyncIn = Dice.Below(6);
    }

    public void Fill(int maxMs)
    {
        if (world.Chaos.AnyUp() is not { } member)
            return;
        world.Coverage.Count("disk nearly full");
        member.Disk.CapacityBytes = member.Disk.UsedBytes + Dice.Below(24 << 10);
        world.Chaos.After(Dice.Below(maxMs), () => member.Disk.CapacityBytes = long.MaxValue);
    }

    /// <summary>Something on the disk of one member changes while it is down; it starts again and must notice, or not
    /// be touched by it. Never so many that a quorum could be lost.</summary>
    public void Rot()
    {
        if (world.Chaos.AnyUp() is not { } member || !world.CanLose(member))
            return;
        member.Crash(power: Dice.OneIn(2));
        if (Decay.Strike(member.Disk, Dice) is not { } what)
            return;
        world.Coverage.Count(what);
        world.Trace.Line(world.Timeline.NowUs, $"{member.Id}: {what}");
        member.Damaged = true;
        world.Operator.Replace(member);
    }

    /// <summary>A machine is set up anew from the image of another one: it has that one's files.</summary>
    public void Clone()
    {
        if (world.Chaos.AnyUp() is not { } member || !world.CanLose(member))
            return;
        var other = Dice.Pick([.. world.Present]);
        if (other == member)
            return;
        world.Coverage.Count("disk of another member");
        member.Crash(power: true);
        member.Disk.CopyFrom(other.Disk);
        member.Damaged = true;
        world.Operator.Replace(member);
    }

    /// <summary>The disk is gone: this member never comes back, another takes its place.</summary>
    public void Wipe()
    {
        if (world.Chaos.AnyUp() is not { } member || !world.CanLose(member))
            return;
        world.Coverage.Count("disk wiped");
        if (Planted.Breaks(Rule.R25Vote))
        {
            member.Disk.Wipe();
            member.Damaged = true;
            member.Crash(power: true);
            return;
        }
        member.Lose();
        member.Crash(power: true);
        world.Operator.Replace(member);
    }
}
