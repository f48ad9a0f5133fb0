using Swarm.Raft;

namespace Swarm.ClusterSim.Raft;

/// <summary>
/// L1: once nothing goes wrong any more, there is a leader, lost members are replaced, all members catch up to what
/// was written meanwhile, and every client gets its answers.
/// </summary>
internal sealed class Liveness(World world)
{
    private const int LimitMs = 40_000;
    private const int WorkMs = 1_500;
    private int _readsLeft;

    public void Demand()
    {
        world.Operator.Repairs = true;
        Within("no leader, or lost members not replaced", () => world.Operator.IsDone && Leads() is not null);
        world.Timeline.RunTo(world.Timeline.NowUs + (WorkMs * Timeline.UsPerMs));
        (world.ClientsRest, world.ClientsArePatient) = (true, true);
        Within("a client gets no answer", () => world.Clients.All(c => !c.IsBusy));
        foreach (var client in world.Clients)
        {
            foreach (var key in world.Plan.Objects)
                _readsLeft++;
            ReadAll(client, 0);
        }
        Within("a last read gets no answer", () => _readsLeft == 0);
        var target = world.Checks.Log.LastIndex;
        Within($"not all have applied {target}", () => Leads() is { } leader && HaveAll(leader, target));
        world.Coverage.Count("lively");
    }

    private void ReadAll(SimClient client, int at)
    {
        if (at == world.Plan.Objects.Count)
            return;
        client.Read(world.Plan.Objects[at], () =>
        {
            _readsLeft--;
            ReadAll(client, at + 1);
        });
    }

    private SimMember? Leads() => world.Leader() is { Process.Core.LeaderReady: true } leader ? leader : null;

    private bool HaveAll(SimMember leader, ulong target) =>
        leader.Process!.Core.Configuration.Members.All(
            m => !m.Learner && world.Find(m.Id)?.Process is { } process && process.Machine.Applied >= target);

    private void Within(string otherwise, Func<bool> holds)
    {
        var end = world.Timeline.NowUs + (LimitMs * Timeline.UsPerMs);
        if (holds())
            return;
        world.Timeline.RunTo(end, holds);
        if (!holds())
            throw new ViolationException("L1", $"{otherwise} within {LimitMs} ms: {Describe.Members(world)}");
    }
}
