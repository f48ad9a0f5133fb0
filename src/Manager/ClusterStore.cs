using Swarm.Manager.Core;
using Swarm.Manager.Metrics;
using Swarm.Raft;
using Swarm.Store;

namespace Swarm.Manager;

/// <summary>
/// The replicated state of this manager. Raft calls <see cref="Apply"/> in order on its thread; everybody else reads
/// one immutable snapshot behind one reference, subscribes to the steps, or reads them from the history.
/// </summary>
internal sealed class ClusterStore(TimeProvider clock) : IStateMachine
{
    private const int MaxStepsARead = 256;

    private volatile ClusterState _current = ClusterState.Empty;
    private readonly Lock _gate = new();
    private readonly List<Action<StateStep>> _subscribers = [];
    private readonly StepHistory _history = new();
    private readonly HashKeeper _hashes = new();
    private TaskCompletionSource? _moved;

    /// <summary>The newest state; never modified.</summary>
    internal ClusterState Current => _current;

    /// <summary>The clock that entries of this manager are stamped with.</summary>
    internal TimeProvider Clock => clock;

    /// <summary>What this manager counts.</summary>
    internal ManagerCounters Counters { get; } = new();

    /// <summary>Commands of users that come to this manager as the leader.</summary>
    internal UserTraffic Users { get; } = new(clock);

    /// <summary>How many steps the history holds, and the oldest revision to watch from.</summary>
    internal (int Steps, ulong Floor) History
    {
        get
        {
            lock (_gate)
            {
                return (_history.Count, _history.Floor);
            }
        }
    }

    /// <summary>Everything after this revision is remembered; the time of the oldest step that is, null without
    /// one.</summary>
    internal (ulong Floor, DateTimeOffset? At) Oldest
    {
        get
        {
            lock (_gate)
            {
                return (_history.Floor, _history.OldestAt);
            }
        }
    }

    /// <inheritdoc/>
    public object? Apply(ulong index, ulong term, ReadOnlyMemory<byte> data)
    {
        var began = clock.GetTimestamp();
        var entry = EntryCodec.Decode(data.Span);
        ApplyResult result;
        lock (_gate)
        {
            SpecSharing.Share(entry, _current);
            result = _current.Apply(entry, index);
            Step(new StateStep(result.State, result.Changes, entry.At));
        }

        Counters.Applied(
            clock.GetElapsedTime(began), entry.Actions.Length,
            result.Request is { } request && request.Index != index);
        return result;
    }

    /// <inheritdoc/>
    public IStatePicture Capture() => new StatePicture(_current, _hashes);

    /// <summary>
    /// Reads a snapshot of the state at a log index; what is returned replaces the state by it. Whoever follows the
    /// steps gets one step then from the old state to the new one; whoever reads the history has to begin anew.
    /// </summary>
    /// <exception cref="InvalidDataException">It is damaged, or of a newer program.</exception>
    public Action PrepareRestore(ulong index, ulong term, Stream snapshot)
    {
        var state = SnapshotCodec.Read(snapshot);
        if (state.LastIndex > index)
        {
            throw new InvalidDataException(
                $"a snapshot of the log's entry {index} holds a state of entry {state.LastIndex}: they do not belong "
                + "together");
        }

        return () => Replace(state);
    }

    /// <summary>
    /// The state now and every step after it, with no gap. The callback runs on the Raft thread: it must only enqueue.
    /// </summary>
    internal IDisposable Subscribe(Action<StateStep> onStep, out ClusterState now)
    {
        lock (_gate)
        {
            _subscribers.Add(onStep);
            now = _current;
        }

        return new Subscription(this, onStep);
    }

    /// <summary>The next steps after an index that changed something; waits for the first one.</summary>
    /// <exception cref="CompactedException">Some of them are forgotten.</exception>
    internal async Task<IReadOnlyList<StateStep>> StepsAfterAsync(ulong after, CancellationToken ct)
    {
        while (true)
        {
            Task moved;
            lock (_gate)
            {
                if (!_history.TryRead(after, MaxStepsARead, out var steps))
                {
                    throw new CompactedException(after, _history.Floor);
                }

                if (steps.Count > 0)
                {
                    return steps;
                }

                _moved ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                moved = _moved.Task;
            }

            await moved.WaitAsync(ct).ConfigureAwait(false);
        }
    }

    private void Replace(ClusterState state)
    {
        lock (_gate)
        {
            var step = new StateStep(state, Changes(_current, state), default);
            _history.Reset(state.LastIndex);
            Publish(step);
        }
    }

    private void Step(StateStep step)
    {
        _history.Add(step);
        Publish(step);
    }

    private void Publish(StateStep step)
    {
        _current = step.State;
        foreach (var subscriber in _subscribers)
        {
            subscriber(step);
        }

        _moved?.SetResult();
        _moved = null;
    }

    private static Changes Changes(ClusterState from, ClusterState to) => new(
        [.. PersistentDiff.Between(from.Tasks, to.Tasks).Select(c => new Change<Model.TaskRecord>(c.Before, c.After))],
        [
            .. PersistentDiff.Between(from.Services, to.Services)
                .Select(c => new Change<Model.ServiceRecord>(c.Before, c.After)),
        ],
        [.. PersistentDiff.Between(from.Nodes, to.Nodes).Select(c => new Change<Model.NodeRecord>(c.Before, c.After))],
        !ReferenceEquals(from.Cluster, to.Cluster))
    {
        Payloads =
        [
            .. PersistentDiff.Between(from.Payloads, to.Payloads)
                .Select(c => new Change<Model.PayloadRecord>(c.Before, c.After)),
        ],
    };

    private sealed class Subscription(ClusterStore store, Action<StateStep> onStep) : IDisposable
    {
        public void Dispose()
        {
            lock (store._gate)
            {
                store._subscribers.Remove(onStep);
            }
        }
    }
}
