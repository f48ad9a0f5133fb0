namespace Swarm.ClusterSim.Raft;

/// <summary>
/// Figure 8 of the Raft paper: a leader leaves entries on a minority, another one writes others to itself alone, the
/// first comes back and spreads its old entries, and then the second returns (R4).
/// </summary>
internal sealed class FigureEight : Scripted
{
    public override Plan MakePlan(Dice dice) => new()
    {
        Members = 5, Clients = 4, ThinkMs = 50, ReadPerThousand = 200, SafetyMs = 14_000, Scripted = true,
        MaxUncommittedEntries = 100,
    };

    protected override IEnumerable<Pause> Script(World world)
    {
        while (true)
        {
            yield return Leader(world);
            if (ReadyLeader(world) is not { } first)
                continue;
            var others = Others(world, first);
            // Entries reach one other member only.
            foreach (var far in others.Skip(1))
                world.Network.CutBoth(first.Id, far.Id);
            yield return world.Dice.Between(40, 300);
            Stop(first);
            world.Network.CutBoth(others[0].Id, others[1].Id);
            world.Network.CutBoth(others[0].Id, others[2].Id);
            world.Network.CutBoth(others[0].Id, others[3].Id);
            // The next leader is one of the rest, and writes to itself alone.
            SimMember? second = null;
            yield return new(3_000, () => (second = others.Skip(1).FirstOrDefault(Leads)) is not null);
            if (second is not null)
            {
                foreach (var other in others)
                    world.Network.CutBoth(second.Id, other.Id);
                yield return world.Dice.Between(0, 60);
                Stop(second);
            }
            // The first two come back and need one more.
            world.Network.HealCuts();
            first.TryStart();
            var slow = others.Skip(1).Where(o => o != second).ToArray();
            if (slow.Length > 1 && world.Dice.OneIn(2))
                world.Network.Clog(slow[0].Id);
            yield return new(3_000, () => Leads(first) || Leads(others[0]));
            yield return world.Dice.Between(0, 8);
            var third = Leads(first) ? first : others[0];
            Stop(third);
            world.Network.Heal();
            foreach (var member in world.Present.Where(m => !m.IsUp && m != third))
                member.TryStart();
            yield return world.Dice.Between(1_000, 2_500);
            foreach (var member in world.Present.Where(m => !m.IsUp))
                member.TryStart();
        }
    }

    private static bool Leads(SimMember member) => member.Process?.Core.Role == Swarm.Raft.RaftRole.Leader;

    private static void Stop(SimMember member)
    {
        if (member.IsUp)
            member.Crash(power: true);
    }
}
