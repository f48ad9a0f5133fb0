using Swarm.Raft;

namespace Swarm.ClusterSim.Raft;

/// <summary>
/// Messages of another cluster, for another member, and from members that were removed or have lost their disks, in the
/// middle of the cluster's own (R25).
/// </summary>
internal sealed class Strangers : Scenario
{
    public override Plan MakePlan(Dice dice) => new()
    {
        Members = dice.Pick([3, 5]), Clients = 3, ThinkMs = 120, SafetyMs = 12_000, RestartMs = 500,
        SnapshotEveryEntries = dice.Pick([20, 1_000]), KeepEntries = 10,
    };

    public override void Begin(World world)
    {
        var chaos = world.Chaos;
        world.Operator.Repairs = true;
        world.Network.Mangle = message => Mangle(world, message);
        chaos.Every(3_000, () => chaos.Network.AnyCut(1_500));
        chaos.Every(2_500, chaos.Machines.Crash);
        chaos.Every(3_000, chaos.Disks.Wipe);
        chaos.Every(2_000, () => Mixed.ChangeMembers(world));
    }

    /// <summary>A message that looks real and is not meant for whom it reaches; null = none this time.</summary>
    private static RaftMessage? Mangle(World world, RaftMessage message)
    {
        if (!world.Dice.PerThousand(8))
            return null;
        var e = message.Envelope;
        var term = e.Term + (ulong)world.Dice.Below(3);
        world.Coverage.Count("stranger's message");
        return world.Dice.OneIn(2)
            ? Readdress.With(message, e with { ClusterId = "other", Term = term })
            : Readdress.With(message, e with { To = new RaftId(e.To.Value + 1_000), Term = term });
    }
}
