using Swarm.Model;
using Swarm.Raft;
using Swarm.Store;

namespace Swarm.Manager;

/// <summary>A step of the state: what it became and which objects changed.</summary>
internal readonly record struct StateStep(ClusterState State, Changes Changes);

/// <summary>
/// The replicated state of this manager. Raft calls <see cref="Apply"/> in order on its thread; everybody else reads
/// one immutable snapshot behind one reference, or subscribes to the steps.
/// </summary>
internal sealed class ClusterStore(TimeProvider clock) : IStateMachine
{
    private volatile ClusterState _current = ClusterState.Empty;
    private readonly Lock _gate = new();
    private readonly List<Action<StateStep>> _subscribers = [];

    /// <summary>The newest state; never modified.</summary>
    internal ClusterState Current => _current;

    /// <summary>The clock that entries of this manager are stamped with.</summary>
    internal TimeProvider Clock => clock;

    /// <inheritdoc/>
    public object? Apply(ulong index, ulong term, ReadOnlyMemory<byte> data)
    {
        var entry = EntryCodec.Decode(data.Span);
        lock (_gate)
        {
            var result = _current.Apply(entry, index);
            _current = result.State;
            var step = new StateStep(result.State, result.Changes);
            foreach (var subscriber in _subscribers)
            {
                subscriber(step);
            }

            return result;
        }
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
