namespace Swarm.ClusterSim.Raft;

/// <summary>Half of all messages come twice or late, across changes of leaders that leave entries behind (R5,
/// R6).</summary>
internal sealed class LateMessages : Scripted
{
    public override Plan MakePlan(Dice dice) => new()
    {
        Members = dice.Pick([3, 5]), Clients = 3, ThinkMs = 60, ReadPerThousand = 300, SafetyMs = 12_000,
        RestartMs = 300, SnapshotEveryEntries = dice.Pick([10, 50, 1_000]), KeepEntries = dice.Pick([0, 10]),
    };

    protected override IEnumerable<Pause> Script(World world)
    {
        world.Network.DuplicatePerThousand = world.Dice.Pick([100, 500]);
        world.Network.ReorderPerThousand = 500;
        world.Network.LatePerThousand = world.Dice.Pick([50, 300]);
        world.Network.LateUs = world.Dice.Pick([500_000, 4_000_000]);
        while (true)
        {
            yield return Leader(world);
            if (ReadyLeader(world) is not { } leader)
                continue;
            var others = Others(world, leader);
            // What it writes now reaches few, and is answered late.
            foreach (var far in others.Skip(world.Dice.Below(2)))
                world.Network.CutBoth(leader.Id, far.Id);
            yield return world.Dice.Between(100, 450);
            if (world.Dice.OneIn(2) && leader.IsUp)
                leader.Crash(power: false);
            yield return world.Dice.Between(600, 1_800);
            world.Network.HealCuts();
            if (world.Dice.OneIn(2) && ReadyLeader(world) is { } next && next != leader)
                Return(world, next, leader);
            yield return world.Dice.Between(100, 1_000);
        }
    }

    /// <summary>The old leader leads again, while answers to its old entries are still on their way.</summary>
    private static void Return(World world, SimMember next, SimMember leader)
    {
        var request = new Swarm.Raft.TransferRequest(leader.Id);
        next.Submit(request, request.Result, () => world.Coverage.Count("transfer ended"));
    }
}
