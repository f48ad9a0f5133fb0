using Swarm.Raft;
using Swarm.Store;

namespace Swarm.ClusterSim.Raft;

/// <summary>Far more proposals than a leader without its followers can take (R27).</summary>
internal sealed class Bursts : Scripted
{
    private const int Proposals = 150;

    public override Plan MakePlan(Dice dice) => new()
    {
        Members = 3, Clients = 2, SafetyMs = 14_000, MaxUncommittedEntries = 60, SnapshotEveryEntries = 50,
    };

    protected override IEnumerable<Pause> Script(World world)
    {
        while (true)
        {
            yield return Leader(world);
            if (ReadyLeader(world) is not { } leader)
                continue;
            if (world.Dice.OneIn(2))
                world.Chaos.Network.Isolate(leader.Id);
            world.Coverage.Count("burst");
            for (var i = 0; i < Proposals; i++)
                Propose(world, leader);
            yield return world.Dice.Between(200, 700);
            world.Network.HealCuts();
        }
    }

    private static void Propose(World world, SimMember leader)
    {
        var action = new StoreAction.RemoveService(new Model.ServiceId("nobody"));
        var entry = EntryCodec.Encode(StoreEntry.Of(leader.Clock.GetUtcNow(), action));
        var request = new ProposalRequest(entry, null);
        leader.Submit(request, request.Result, () => world.Coverage.Count(
            request.Result.Result.Reason == NotDoneReason.Busy ? "refused busy" : "burst answered"));
    }
}
