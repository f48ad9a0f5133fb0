using FsCheck;
using FsCheck.Fluent;
using Swarm.Manager.Core;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Manager.Tests.Core;

public sealed class StepHistoryTests
{
    [Fact]
    public void It_holds_the_newest_steps_without_gap_within_its_bounds() => Prop.ForAll<byte[]>(sizes =>
    {
        var history = new StepHistory(maxSteps: 8, maxChanges: 40);
        var all = new List<StateStep>();
        var state = ClusterState.Empty;
        foreach (var size in sizes)
        {
            var step = Grown(ref state, size % 12);
            history.Add(step);
            if (!step.Changes.IsEmpty)
            {
                all.Add(step);
            }

            Assert.True(history.Count <= 8);
            Check(history, all, state.LastIndex);
        }
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void After_a_jump_nothing_before_it_is_told()
    {
        var history = new StepHistory();
        var state = ClusterState.Empty;
        history.Add(Grown(ref state, 1));
        history.Reset(50);
        Assert.False(history.TryRead(0, 10, out _));
        Assert.False(history.TryRead(49, 10, out _));
        Assert.True(history.TryRead(50, 10, out var none));
        Assert.Empty(none);
        Assert.Equal(50UL, history.Floor);
    }

    [Fact]
    public void One_entry_larger_than_the_bound_is_told_all_the_same()
    {
        var history = new StepHistory(maxSteps: 8, maxChanges: 10);
        var state = ClusterState.Empty;
        history.Add(Grown(ref state, 2));
        history.Add(Grown(ref state, 30));
        Assert.Equal((1, 1UL), (history.Count, history.Floor));
        Assert.True(history.TryRead(1, 10, out var steps));
        Assert.Equal(30, steps.Single().Changes.Nodes.Length);
    }

    private static void Check(StepHistory history, List<StateStep> all, ulong last)
    {
        for (var after = 0UL; after <= last; after++)
        {
            var readable = history.TryRead(after, 3, out var steps);
            Assert.Equal(after >= history.Floor, readable);
            if (readable)
            {
                Assert.Equal(
                    all.Where(s => s.Index > after).Take(3).Select(s => s.Index), steps.Select(s => s.Index));
            }
        }
    }

    private static StateStep Grown(ref ClusterState state, int nodes)
    {
        var index = state.LastIndex + 1;
        var result = state.Apply(
            new StoreEntry(default, [.. Enumerable.Range(0, nodes).Select(i => new StoreAction.CreateNode(new NodeRecord
            {
                Id = new NodeId($"n{index}-{i}"), CreatedAt = default, Spec = new NodeSpec(), Role = NodeRole.Worker,
            }))]),
            index);
        state = result.State;
        return new StateStep(state, result.Changes, default);
    }
}
