using Swarm.Model;
using Swarm.Store;
using Xunit.Sdk;

namespace Swarm.Manager.Tests;

/// <summary>The reader of the steps is called at once where it matters, seldom otherwise, and misses nothing.</summary>
public sealed class StepBacklogTests
{
    private static readonly Change<ServiceRecord> Service = new(null, null);
    private static readonly Change<TaskRecord> Task = new(null, null);
    private readonly SemaphoreSlim _calls = new(0);

    [Fact]
    public void WhatConcernsTasksIsToldAtOnceTogetherWithWhatWaited()
    {
        var backlog = new StepBacklog(100, TimeProvider.System, () => _calls.Release());
        Assert.True(backlog.TryAdd(Step(1, new Changes([], [Service], [], false))));
        Assert.True(backlog.TryAdd(Step(2, new Changes([Task], [], [], false))));
        Assert.True(_calls.Wait(0));
        Assert.Equal([1, 2], Taken(backlog));
    }

    [Fact]
    public void OneCallServesAllThatComeBeforeItIsAnswered()
    {
        var backlog = new StepBacklog(100, TimeProvider.System, () => _calls.Release());
        for (ulong i = 1; i <= 50; i++)
        {
            Assert.True(backlog.TryAdd(Step(i, new Changes([Task], [], [], false))));
        }

        Assert.Equal(1, _calls.CurrentCount);
        Assert.Equal(Enumerable.Range(1, 50).Select(i => (ulong)i), Taken(backlog));
        Assert.True(backlog.TryAdd(Step(51, new Changes([], [], [], true))));
        Assert.Equal(2, _calls.CurrentCount);
    }

    [Fact]
    public async Task WhatConcernsNoTaskIsToldToo()
    {
        var backlog = new StepBacklog(100, TimeProvider.System, () => _calls.Release());
        for (ulong i = 1; i <= 50; i++)
        {
            Assert.True(backlog.TryAdd(Step(i, new Changes([], [Service], [], false))));
        }

        var seen = new List<ulong>();
        while (seen.Count < 50)
        {
            if (!await _calls.WaitAsync(TimeSpan.FromSeconds(20)))
            {
                throw new XunitException($"nobody was called; {seen.Count} steps were told");
            }

            seen.AddRange(Taken(backlog));
        }

        Assert.Equal(Enumerable.Range(1, 50).Select(i => (ulong)i), seen);
    }

    [Fact]
    public void MoreThanMayWaitIsAFault()
    {
        var backlog = new StepBacklog(2, TimeProvider.System, () => { });
        Assert.True(backlog.TryAdd(Step(1, new Changes([Task], [], [], false))));
        Assert.True(backlog.TryAdd(Step(2, new Changes([Task], [], [], false))));
        Assert.False(backlog.TryAdd(Step(3, new Changes([Task], [], [], false))));
    }

    private static List<ulong> Taken(StepBacklog backlog)
    {
        var seen = new List<ulong>();
        backlog.TakeAll(s => seen.Add(s.Index));
        return seen;
    }

    private static StateStep Step(ulong index, Changes changes) =>
        new(ClusterState.Empty.Skip(index), changes, default);
}
