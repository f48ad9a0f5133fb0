using Swarm.Raft;

namespace Swarm.ClusterSim.Raft;

/// <summary>
/// L3: members whose terms drifted apart elect a leader soon once a quorum of them is together. One was asked to take
/// over and stood for a term that nobody heard of; the others wrote on in the old one, and then lose their leader
/// (R10).
/// </summary>
internal sealed class DriftedTerms : Scripted
{
    private const int LimitMs = 4_000;

    public override Plan MakePlan(Dice dice) => new()
    {
        Members = 3, Clients = 2, ThinkMs = 100, SafetyMs = 14_000, Scripted = true, MaxUncommittedEntries = 200,
    };

    protected override IEnumerable<Pause> Script(World world)
    {
        world.Network.MaxDelayUs = 12_000;
        while (true)
        {
            yield return Leader(world, LimitMs);
            if (ReadyLeader(world) is not { } leader)
                throw new ViolationException("L3", $"no leader within {LimitMs} ms: {Describe.Members(world)}");
            var ahead = Others(world, leader)[0];
            yield return world.Dice.Between(200, 600);
            HandOver(world, leader, ahead);
            yield return new(500, () => ahead.Process?.Core.Role == RaftRole.Candidate);
            world.Chaos.Network.Mute(ahead.Id);
            foreach (var other in Others(world, ahead))
                world.Network.Cut(other.Id, ahead.Id);
            yield return world.Dice.Between(1_300, 2_500);
            if (leader.IsUp)
                leader.Crash(power: world.Dice.OneIn(2));
            world.Network.HealCuts();
            yield return Leader(world, LimitMs);
            if (ReadyLeader(world) is null)
                throw new ViolationException("L3", $"no leader within {LimitMs} ms: {Describe.Members(world)}");
            leader.TryStart();
            yield return world.Dice.Between(200, 1_000);
        }
    }

    private static void HandOver(World world, SimMember from, SimMember to)
    {
        var request = new TransferRequest(to.Id);
        from.Submit(request, request.Result, () => world.Coverage.Count("transfer ended"));
    }
}
