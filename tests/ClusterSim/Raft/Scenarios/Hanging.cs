using Swarm.Raft;

namespace Swarm.ClusterSim.Raft;

/// <summary>
/// L7: a leader whose state machine or disk hangs does not keep its office: another one leads soon, and writes go on
/// (R26, R28).
/// </summary>
internal sealed class Hanging : Scripted
{
    /// <summary>The watchdog's patience, two elections, and the time until the hang begins.</summary>
    private const int LimitMs = 4_500;

    /// <summary>Clients that ask the one that hangs wait for their connection to break, and may choose it again.
    /// </summary>
    private const int WriteMs = 12_000;

    private const int MaxHangMs = 7_000;

    public override Plan MakePlan(Dice dice) => new()
    {
        Members = dice.Pick([3, 3, 5]), Clients = 3, ThinkMs = 80, ReadPerThousand = 100, SafetyMs = 21_000,
        Scripted = true,
    };

    protected override IEnumerable<Pause> Script(World world)
    {
        while (true)
        {
            yield return Leader(world);
            yield return world.Dice.Between(200, 800);
            if (ReadyLeader(world) is not { } leader)
                continue;
            var term = leader.Process!.Core.Term;
            world.Chaos.Machines.Hang(leader, world.Dice.Between(6_000, MaxHangMs));
            yield return new(LimitMs, () => LeadsAfter(world, term));
            // A disk may have hung where nobody waits for it: in the writing of a snapshot.
            if (!LeadsAfter(world, term) && leader.Held.SilentUntilUs > world.Timeline.NowUs)
                throw new ViolationException(
                    "L7", $"{leader.Id} hangs and leads for {LimitMs} ms: {Describe.Members(world)}");
            var before = world.Checks.Log.LastIndex;
            yield return new(WriteMs, () => world.Checks.Log.LastIndex > before);
            if (world.Checks.Log.LastIndex <= before)
                throw new ViolationException(
                    "L7", $"nothing is written for {WriteMs} ms after {leader.Id} hung: {Describe.Members(world)}");
            world.Coverage.Count("hanging leader replaced");
            // One at a time: two of three would be no quorum.
            yield return new(MaxHangMs, () => world.Timeline.NowUs > leader.Held.SilentUntilUs);
        }
    }

    private static bool LeadsAfter(World world, ulong term) =>
        ReadyLeader(world)?.Process is { Core: { Role: RaftRole.Leader } core } && core.Term > term;
}
