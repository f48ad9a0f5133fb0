using Swarm.Raft;

namespace Swarm.ClusterSim.Raft;

/// <summary>Crashes, pauses and clocks.</summary>
internal sealed class MachineFaults(World world)
{
    private const int DayMs = 86_400_000;

    private Dice Dice => world.Dice;

    /// <summary>Machines that were starved get going again this far apart.</summary>
    private const int StarveSpreadMs = 60;

    public void Crash()
    {
        if (world.Chaos.AnyUp() is not { } member)
            return;
        var power = !Dice.OneIn(3);
        world.Coverage.Count(power ? "power cut" : "process killed");
        member.Crash(power);
    }

    /// <summary>The power goes at one of the next operations of the disk.</summary>
    public void CrashInDiskWork()
    {
        if (world.Chaos.AnyUp() is { } member)
            member.Disk.PowerCutIn = Dice.Below(12);
    }

    /// <summary>All at the same moment; some in the middle of a write.</summary>
    public void PowerLossOfAll()
    {
        world.Coverage.Count("power loss of all");
        foreach (var member in world.Present.Where(m => m.IsUp).ToArray())
            member.Crash(power: true);
    }

    /// <summary>A stopped process: what was sent to it waits, and it does not know that time has passed.</summary>
    public void Pause(int maxMs)
    {
        if (world.Chaos.AnyUp() is { } member)
            Pause(member, Dice.Between(20, maxMs));
    }

    public void Pause(SimMember member, int ms)
    {
        world.Coverage.Count("pause");
        world.Trace.Line(world.Timeline.NowUs, $"{member.Id} pauses for {ms} ms");
        member.Pause(ms * Timeline.UsPerMs);
    }

    /// <summary>All machines get no processor for a while: nobody was heard, and nobody is to blame.</summary>
    public void Starve(int ms)
    {
        world.Coverage.Count("processor starved");
        foreach (var member in world.Present.Where(m => m.IsUp).ToArray())
            member.Pause((ms + Dice.Below(StarveSpreadMs)) * Timeline.UsPerMs);
    }

    /// <summary>The state machine of a member hangs with its next entry, or its disk with its next sync.</summary>
    public void Hang(SimMember member, int ms)
    {
        world.Trace.Line(world.Timeline.NowUs, $"{member.Id} will hang for {ms} ms");
        if (Dice.OneIn(2))
        {
            world.Coverage.Count("state machine hangs");
            member.Held.HangAtApply(ms * Timeline.UsPerMs);
            return;
        }
        world.Coverage.Count("disk hangs");
        member.Disk.NextSyncUs = ms * Timeline.UsPerMs;
    }

    public void HangAny(int maxMs)
    {
        if (world.Chaos.AnyUp() is { } member)
            Hang(member, Dice.Between(300, maxMs));
    }

    /// <summary>Leadership goes to somebody, or to whoever lags least.</summary>
    public void Transfer()
    {
        if (world.Leader() is not { } leader)
            return;
        world.Coverage.Count("transfer asked");
        var request = new TransferRequest(Dice.OneIn(3) ? RaftId.None : Dice.Pick(world.Chaos.Ids()));
        leader.Submit(request, request.Result, () => world.Coverage.Count(
            request.Result.IsCompletedSuccessfully ? "transfer done" : "transfer not done"));
    }

    /// <summary>A snapshot now, and nothing kept before it.</summary>
    public void SnapshotNow()
    {
        if (world.Chaos.AnyUp() is not { } member)
            return;
        world.Coverage.Count("snapshot asked");
        var request = new SnapshotNowRequest();
        member.Submit(request, request.Result, () => world.Coverage.Count("snapshot taken"));
    }

    /// <summary>Another key from now on; the old one is still needed for what is there.</summary>
    public void RotateKey()
    {
        if (!world.Plan.Encrypted || world.Chaos.AnyUp() is not { } member)
            return;
        world.Coverage.Count("key rotated");
        var request = new RotateKeyRequest(member.NewKey());
        member.Submit(request, request.Result, () => { });
    }

    public void JumpClock()
    {
        if (world.Chaos.AnyUp() is not { } member)
            return;
        world.Coverage.Count("clock jump");
        var ms = Dice.OneIn(2) ? Dice.Between(-10_000, 10_000) : Dice.Between(-1, 1) * DayMs;
        member.Clock.JumpUs += ms * Timeline.UsPerMs;
    }

    /// <summary>Up to a fifth slow or fast.</summary>
    public void DriftClock()
    {
        if (world.Chaos.AnyUp() is not { } member)
            return;
        world.Coverage.Count("clock drift");
        member.Clock.Drift(Dice.Between(800_000, 1_200_000));
    }
}
