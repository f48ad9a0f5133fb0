using Swarm.Manager;
using Swarm.Raft;
using Swarm.Store;

namespace Swarm.ClusterSim.Raft;

/// <summary>The state machine of one member: the manager's own, with checkers beside it.</summary>
internal sealed class SimStore(SimMember member, Checks checks) : IStateMachine
{
    private readonly HashKeeper _hashes = new();

    public ClusterStore Store { get; } = new(member.Clock);

    public ClusterState State => Store.Current;

    public object? Apply(ulong index, ulong term, ReadOnlyMemory<byte> data)
    {
        member.Disk.LatencyUs += member.Held.OnApply();
        var result = (ApplyResult)Store.Apply(index, term, StoreFlaws.Entry(data, member))!;
        checks.OnApplied(member, new(index, term, EntryType.Normal, data), result);
        checks.OnState(member, index, _hashes.Of(State));
        return result;
    }

    public IStatePicture Capture() => Store.Capture();

    public Action PrepareRestore(ulong index, ulong term, Stream snapshot)
    {
        var replace = Store.PrepareRestore(index, term, snapshot);
        return () =>
        {
            replace();
            F1Formats.OnRestored(member, State);
            checks.OnRestored(member, index, _hashes.Of(State));
        };
    }
}
