using Swarm.Raft;

namespace Swarm.ClusterSim.Raft;

/// <summary>
/// L5: leadership is handed over under load, also to members that go away at that moment; writing goes on within
/// seconds whatever comes of it, and a transfer between healthy members succeeds without a gap (R29).
/// </summary>
internal sealed class Transfers : Scripted
{
    private const int LimitMs = 6_000;

    public override Plan MakePlan(Dice dice) => new()
    {
        Members = dice.Pick([3, 5]), Clients = 3, ThinkMs = 50, ReadPerThousand = 200, SafetyMs = 14_000,
        Scripted = true, SnapshotEveryEntries = dice.Pick([20, 1_000]), KeepEntries = dice.Pick([5, 50]),
    };

    protected override IEnumerable<Pause> Script(World world)
    {
        world.Network.MaxDelayUs = world.Dice.Pick([1_000, 20_000]);
        while (true)
        {
            yield return Leader(world);
            yield return world.Dice.Between(100, 800);
            if (ReadyLeader(world) is not { } leader)
                continue;
            var others = Others(world, leader);
            var to = others[0];
            var trouble = world.Dice.Below(4);
            if (trouble == 0)
                world.Network.Limit(leader.Id, to.Id, 4_000);
            var request = new TransferRequest(world.Dice.OneIn(4) ? RaftId.None : to.Id);
            leader.Submit(request, request.Result, () => world.Coverage.Count(
                request.Result.IsCompletedSuccessfully ? "transfer done" : "transfer not done"));
            world.Coverage.Count("transfer asked");
            if (trouble == 1)
                world.Chaos.Network.Isolate(to.Id);
            if (trouble == 2)
                world.Chaos.Machines.Pause(to, 8_000);
            var before = world.Checks.Log.LastIndex;
            yield return new(LimitMs, () => world.Checks.Log.LastIndex > before + 2);
            if (world.Checks.Log.LastIndex <= before + 2)
                throw new ViolationException(
                    "L5", $"nothing is written {LimitMs} ms after a transfer began: {Describe.Members(world)}");
            world.Network.Heal();
            world.Network.Limit(leader.Id, to.Id, 0);
            to.Resume();
            yield return 500;
        }
    }
}
