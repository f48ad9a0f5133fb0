namespace Swarm.ClusterSim.Raft;

/// <summary>
/// Leaders go right after they acknowledged something, and everybody reads from the next one from its first moment on
/// (R13).
/// </summary>
internal sealed class FreshLeaders : Scripted
{
    public override Plan MakePlan(Dice dice) => new()
    {
        Members = dice.Pick([3, 5]), Clients = 3, Readers = 5, ThinkMs = 20, ReadPerThousand = 100,
        SafetyMs = 8_000, Objects = ["n1"], RestartMs = 400, SnapshotEveryEntries = dice.Pick([40, 1_000]),
    };

    protected override IEnumerable<Pause> Script(World world)
    {
        world.Network.MaxDelayUs = world.Dice.Pick([20_000, 50_000]);
        while (true)
        {
            yield return Leader(world);
            yield return world.Dice.Between(100, 500);
            if (ReadyLeader(world) is not { } leader)
                continue;
            var others = Others(world, leader);
            var behind = others.Take(world.Plan.Members / 2).ToArray();
            foreach (var member in behind)
                world.Chaos.Network.Isolate(member.Id);
            yield return world.Dice.Between(100, 400);
            // What it acknowledges now, those behind do not have, and the others do not know to be committed.
            var known = world.Clients.Sum(c => c.Known);
            yield return new(300, () => world.Clients.Sum(c => c.Known) > known);
            world.Network.HealCuts();
            if (world.Dice.OneIn(2) && leader.IsUp)
                leader.Crash(power: false);
            else
                world.Chaos.Network.Isolate(leader.Id);
            foreach (var member in others.Skip(behind.Length + 1))
                world.Chaos.Network.Isolate(member.Id);
            yield return world.Dice.Between(900, 1_800);
            world.Network.HealCuts();
        }
    }
}
