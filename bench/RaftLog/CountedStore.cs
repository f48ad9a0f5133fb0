using Swarm.Manager;
using Swarm.Raft;

namespace Swarm.Bench.RaftLog;

/// <summary>The store, and how much of the log went through it.</summary>
internal sealed class CountedStore(ClusterStore store) : IStateMachine
{
    private long _bytes;
    private long _entries;

    public ClusterStore Store => store;

    public long Bytes => Volatile.Read(ref _bytes);

    public long Entries => Volatile.Read(ref _entries);

    public object? Apply(ulong index, ulong term, ReadOnlyMemory<byte> data)
    {
        Interlocked.Add(ref _bytes, data.Length);
        Interlocked.Increment(ref _entries);
        return store.Apply(index, term, data);
    }

    public IStatePicture Capture() => store.Capture();

    public Action PrepareRestore(ulong index, ulong term, Stream snapshot) =>
        store.PrepareRestore(index, term, snapshot);
}
