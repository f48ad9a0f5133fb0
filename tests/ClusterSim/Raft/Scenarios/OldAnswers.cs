using Swarm.Raft;

namespace Swarm.ClusterSim.Raft;

/// <summary>
/// Answers to the entries of a leader are held up until that member leads again, in another term, with other entries at
/// the same places (R6).
/// </summary>
internal sealed class OldAnswers : Scripted
{
    public override Plan MakePlan(Dice dice) => new()
    {
        Members = 5, Clients = 40, ThinkMs = 25, ReadPerThousand = 100, SafetyMs = 9_000, Scripted = true,
        MaxUncommittedEntries = 100, SnapshotEveryEntries = 1_000,
    };

    protected override IEnumerable<Pause> Script(World world)
    {
        yield return Leader(world);
        yield return world.Dice.Between(100, 800);
        if (ReadyLeader(world) is not { } leader)
            yield break;
        var others = Others(world, leader);
        var friend = others[0];
        world.Network.Hold(friend.Id, leader.Id);
        foreach (var far in others.Skip(1))
        {
            world.Network.CutBoth(leader.Id, far.Id);
            world.Network.CutBoth(friend.Id, far.Id);
        }
        yield return world.Dice.Between(200, 480);
        SimMember? next = null;
        yield return new(3_000, () => (next = others.Skip(1).FirstOrDefault(
            m => m.Process?.Core.LeaderReady == true)) is not null);
        var old = friend.Process?.Core.LastIndex ?? 0;
        world.Network.HealCuts();
        // It must not write more than what the old leader left, or the old answers say nothing new.
        yield return world.Dice.Between(0, 30);
        if (next is null)
            yield break;
        var request = new TransferRequest(leader.Id);
        next.Submit(request, request.Result, () => world.Coverage.Count("transfer ended"));
        yield return new(2_000, () => leader.Process?.Core.LeaderReady == true);
        var near = others[1];
        world.Network.Cut(leader.Id, friend.Id);
        foreach (var far in others.Skip(2))
            world.Network.CutBoth(leader.Id, far.Id);
        yield return new(400, () => leader.Process?.Core.LastIndex >= old);
        world.Network.Release(friend.Id, leader.Id);
        yield return world.Dice.Between(5, 50);
        // Only two of five have what the old answers would have made a commitment of: the others go on without it.
        world.Network.HealCuts();
        foreach (var rest in others.Where(m => m != near))
        {
            world.Network.CutBoth(leader.Id, rest.Id);
            world.Network.CutBoth(near.Id, rest.Id);
        }
        yield return new(3_000, () => others.Any(m => m != near && m.Process?.Core.LeaderReady == true));
        yield return world.Dice.Between(100, 400);
        world.Network.HealCuts();
    }
}
