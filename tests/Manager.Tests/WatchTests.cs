using FsCheck;
using FsCheck.Fluent;
using Swarm.Manager.Core;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Manager.Tests;

/// <summary>What watchers see is what a replay of the log gives, from where they began (invariants S11).</summary>
public sealed class WatchTests
{
    [Fact]
    public void A_watcher_sees_each_revision_once_in_order_or_is_told_that_it_cannot() =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
    {
        var dice = new Random(seed);
        var store = new ClusterStore(TimeProvider.System);
        var replay = new List<(ulong Revision, string Events)>();
        var watchers = new List<Watcher>();
        var floor = 0UL;
        var replica = ClusterState.Empty;
        for (var index = 1UL; index <= 200; index++)
        {
            var bytes = EntryCodec.Encode(new StoreEntry(default, [Drawn(dice)]));
            replica = Replayed(replica, bytes, index, replay);
            if (dice.Next(100) == 0)
            {
                // A snapshot of the leader takes the place of this manager's log.
                using var snapshot = new MemoryStream(SnapshotCodec.Encode(replica));
                store.PrepareRestore(index, 1, snapshot)();
                floor = index;
            }
            else
            {
                store.Apply(index, 1, bytes);
            }

            if (dice.Next(10) == 0)
            {
                watchers.Add(new Watcher(store, (ulong)dice.Next((int)index + 1)));
            }

            watchers.Where(_ => dice.Next(3) == 0).ToList().ForEach(w => w.Read());
        }

        watchers.ForEach(w => w.Read());
        Assert.All(watchers, w => w.Judge(replay, floor));
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(50));

    [Fact]
    public async Task A_watcher_that_waits_is_woken_by_a_step_and_by_a_jump()
    {
        var store = new ClusterStore(TimeProvider.System);
        var waiting = store.StepsAfterAsync(0, default);
        Assert.False(waiting.IsCompleted);
        store.Apply(1, 1, EntryCodec.Encode(new StoreEntry(default, [Create("n0")])));
        Assert.Equal([1UL], (await waiting).Select(s => s.Index));
        waiting = store.StepsAfterAsync(1, default);
        using var snapshot = new MemoryStream(SnapshotCodec.Encode(store.Current.Skip(9)));
        store.PrepareRestore(9, 1, snapshot)();
        Assert.Equal(9UL, (await Assert.ThrowsAsync<CompactedException>(() => waiting)).Oldest);
    }

    [Fact]
    public async Task A_watcher_that_reads_too_slowly_is_cut()
    {
        var store = new ClusterStore(TimeProvider.System);
        for (var index = 1UL; index <= StepHistory.MaxSteps + 1; index++)
        {
            var named = new StoreAction.SetNodeDescription(
                new NodeId("n"), new NodeDescription { Hostname = $"h{index}" });
            store.Apply(index, 1, EntryCodec.Encode(new StoreEntry(default, [index == 1 ? Create("n") : named])));
        }

        var cut = await Assert.ThrowsAsync<CompactedException>(() => store.StepsAfterAsync(0, default));
        Assert.Equal(1UL, cut.Oldest);
        Assert.Equal(2UL, (await store.StepsAfterAsync(1, default))[0].Index);
    }

    [Fact]
    public void Subscribers_learn_of_a_jump_what_it_changed()
    {
        var store = new ClusterStore(TimeProvider.System);
        store.Apply(1, 1, EntryCodec.Encode(new StoreEntry(default, [Create("old")])));
        var steps = new List<StateStep>();
        using var subscription = store.Subscribe(steps.Add, out _);
        var other = ClusterState.Empty.Apply(new StoreEntry(default, [Create("new")]), 5).State;
        using var snapshot = new MemoryStream(SnapshotCodec.Encode(other));
        store.PrepareRestore(5, 1, snapshot)();
        Assert.Equal(
            [("old", ""), ("", "new")],
            steps.Single().Changes.Nodes.Select(c => (c.Before?.Id.Value ?? "", c.After?.Id.Value ?? ""))
                .OrderByDescending(c => c.Item1));
        Assert.Equal(other.Hash128, store.Capture().Hash());
        Assert.Throws<InvalidDataException>(
            () => store.PrepareRestore(3, 1, new MemoryStream(SnapshotCodec.Encode(other))));
    }

    [Fact]
    public void The_hash_of_a_picture_is_the_hash_of_its_state_in_whatever_order_they_are_asked()
    {
        var store = new ClusterStore(TimeProvider.System);
        store.Apply(1, 1, EntryCodec.Encode(new StoreEntry(default, [Create("n1")])));
        var (first, firstState) = (store.Capture(), store.Current);
        store.Apply(2, 1, EntryCodec.Encode(new StoreEntry(default, [Create("n2")])));
        var (second, secondState) = (store.Capture(), store.Current);
        Assert.Equal((1UL, 2UL), (first.Index, second.Index));
        Assert.Equal(secondState.Hash128, second.Hash());
        Assert.Equal(firstState.Hash128, first.Hash());
        Assert.Equal(secondState.Hash128, second.Hash());
    }

    private static ClusterState Replayed(
        ClusterState state, byte[] bytes, ulong index, List<(ulong, string)> replay)
    {
        var result = state.Apply(EntryCodec.Decode(bytes), index);
        var step = new StateStep(result.State, result.Changes, default);
        if (!result.Changes.IsEmpty)
        {
            replay.Add((index, Told(step)));
        }

        return result.State;
    }

    private static string Told(StateStep step) => string.Join('\n', StateEvents.Of(step).Select(e => e.ToString()));

    private static StoreAction Drawn(Random dice)
    {
        var id = new NodeId($"n{dice.Next(5)}");
        return dice.Next(4) switch
        {
            0 => Create(id.Value),
            1 => new StoreAction.RemoveNode(id),
            2 => new StoreAction.SetNodeStatus(id, (NodeStatus.Types.State)dice.Next(3), "", ""),
            _ => new StoreAction.SetNodeDescription(id, new NodeDescription { Hostname = $"h{dice.Next(3)}" }),
        };
    }

    private static StoreAction Create(string id) => new StoreAction.CreateNode(new NodeRecord
    {
        Id = new NodeId(id), CreatedAt = default, Spec = new NodeSpec(), Role = NodeRole.Worker,
    });

    private sealed class Watcher
    {
        private readonly List<(ulong Revision, string Events)> _seen = [];
        private readonly ClusterStore _store;
        private readonly ulong _from;
        private ulong _after;
        private CompactedException? _cut;

        internal Watcher(ClusterStore store, ulong from) => (_store, _from, _after) = (store, from, from);

        internal void Read()
        {
            while (_cut is null)
            {
                var reading = _store.StepsAfterAsync(_after, new CancellationToken(canceled: true));
                if (reading.IsFaulted)
                {
                    _cut = (CompactedException)reading.Exception.InnerException!;
                    return;
                }

                if (reading.IsCanceled)
                {
                    return;
                }

                _seen.AddRange(reading.Result.Select(s => (s.Index, Told(s))));
                _after = reading.Result[^1].Index;
            }
        }

        internal void Judge(List<(ulong Revision, string Events)> replay, ulong floor)
        {
            var end = _cut is null ? ulong.MaxValue : _after;
            Assert.Equal(replay.Where(r => r.Revision > _from && r.Revision <= end), _seen);
            Assert.True(_cut is null || _after < floor || _from < floor);
        }
    }
}
