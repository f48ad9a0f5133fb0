using Swarm.Raft;

namespace Swarm.ClusterSim.Raft;

/// <summary>
/// Entries that were long on their way reach a follower right before a snapshot that ends in the middle of them, and
/// nothing after it (R15).
/// </summary>
internal sealed class LateEntries : Scripted
{
    private const int HoldMs = 350;
    private const int Entries = 7;

    public override Plan MakePlan(Dice dice) => new()
    {
        Members = dice.Pick([3, 3, 5]), Clients = 9, ThinkMs = 20, ReadPerThousand = 100, SafetyMs = 3_000,
        Scripted = true, SnapshotEveryEntries = dice.Between(3, 5), KeepEntries = 0, AsideMs = 1,
        MaxUncommittedEntries = 100,
    };

    protected override IEnumerable<Pause> Script(World world)
    {
        // Long ways: many entries are on their way before the first is committed.
        world.Network.MaxDelayUs = world.Dice.Pick([12_000, 25_000]);
        while (true)
        {
            yield return Leader(world);
            yield return world.Dice.Between(50, 300);
            if (ReadyLeader(world) is not { } leader)
                continue;
            var follower = Others(world, leader)[0];
            foreach (var pause in Overtake(world, leader, follower))
                yield return pause;
            yield return world.Dice.Between(0, 40);
            if (world.Dice.OneIn(2) && follower.IsUp)
                follower.Crash(power: true);
            yield return world.Dice.Between(100, 800);
            foreach (var member in world.Present.Where(m => !m.IsUp))
                member.TryStart();
        }
    }

    private static IEnumerable<Pause> Overtake(World world, SimMember leader, SimMember follower)
    {
        world.Network.Hold(leader.Id, follower.Id);
        var has = follower.Process?.Core.LastIndex ?? 0;
        var others = Others(world, leader).Where(o => o != follower).ToArray();
        foreach (var other in others)
            world.Network.Hold(other.Id, leader.Id);
        yield return new(HoldMs, () => leader.Process?.Core.LastIndex >= has + Entries);
        yield return 30;
        // The answers come in two parts, and the leader takes a snapshot between them.
        var commits = (leader.Process?.Core.LastIndex ?? 0) - (ulong)world.Dice.Between(1, 3);
        var answers = others.SelectMany(o => world.Network.TakeHeld(o.Id, leader.Id)).ToArray();
        foreach (var (_, deliver) in answers.Where(a => !AnswersPast(a.Message, commits)))
            deliver();
        yield return new(100, () => leader.Process?.Core.FirstIndex > has + 1);
        foreach (var (_, deliver) in answers.Where(a => AnswersPast(a.Message, commits)))
            deliver();
        var late = world.Network.TakeHeld(leader.Id, follower.Id);
        yield return new(300, () => IsSentSnapshot(leader, follower));
        var end = leader.Process?.Core.FirstIndex - 1 ?? 0;
        var past = late.ToList().FindIndex(m => ReachesPast(m.Message, end));
        foreach (var (_, deliver) in late.Take(past < 0 ? world.Dice.Below(late.Count + 1) : past + 1))
            deliver();
        // What the leader says after the snapshot is lost.
        world.Network.Hold(leader.Id, follower.Id);
        yield return 60;
        foreach (var (message, deliver) in world.Network.TakeHeld(leader.Id, follower.Id))
        {
            if (message is SnapshotRequest)
                deliver();
        }
    }

    private static bool AnswersPast(RaftMessage message, ulong index) =>
        message is AppendReply { Rejected: false } reply && reply.LastIndex > index;

    /// <summary>It brings entries past an index without the word that this is committed.</summary>
    private static bool ReachesPast(RaftMessage message, ulong index) =>
        message is AppendRequest { Entries: [.., var last] } append && last.Index > index && append.Commit < index;

    private static bool IsSentSnapshot(SimMember leader, SimMember follower) =>
        leader.Process?.Core.DescribeMembers().FirstOrDefault(m => m.Id == follower.Id)?.ProgressState
            == ProgressState.Snapshot;
}
