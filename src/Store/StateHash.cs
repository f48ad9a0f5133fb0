using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Swarm.Store;

/// <summary>
/// A sum over the hashes of all objects: it depends on what is in the state alone and not on how it came there, and
/// a change of few objects is few additions. The log index and the indexes derived from records are not in it.
/// </summary>
public static class StateHash
{
    /// <summary>Of a whole state; takes as long as the state is large.</summary>
    public static UInt128 Of(ClusterState state)
    {
        var encoder = new ObjectEncoder();
        UInt128 sum = 0;
        foreach (var stored in StoredObject.AllOf(state))
        {
            sum = unchecked(sum + Of(encoder, stored));
        }

        return sum;
    }

    /// <summary>Of a state, from the hash of another one; takes as long as they differ.</summary>
    public static UInt128 Next(UInt128 hash, ClusterState from, ClusterState to)
    {
        var encoder = new ObjectEncoder();
        if (!ReferenceEquals(from.Cluster, to.Cluster))
        {
            hash = Swap(
                encoder, hash,
                from.Cluster is null ? null : StoredObject.Of(from.Cluster),
                to.Cluster is null ? null : StoredObject.Of(to.Cluster));
        }

        foreach (var change in PersistentDiff.Between(from.Nodes, to.Nodes))
        {
            hash = Swap(
                encoder, hash,
                change.Had ? StoredObject.Of(change.Before!) : null,
                change.Has ? StoredObject.Of(change.After!) : null);
        }

        foreach (var change in PersistentDiff.Between(from.Services, to.Services))
        {
            hash = Swap(
                encoder, hash,
                change.Had ? StoredObject.Of(change.Before!) : null,
                change.Has ? StoredObject.Of(change.After!) : null);
        }

        // When a task began to run is a fact of its own map, and changes only together with the task.
        foreach (var change in PersistentDiff.Between(from.Tasks, to.Tasks))
        {
            hash = Swap(
                encoder, hash,
                change.Had ? StoredObject.Of(from, change.Before!) : null,
                change.Has ? StoredObject.Of(to, change.After!) : null);
        }

        foreach (var change in PersistentDiff.Between(from.Payloads, to.Payloads))
        {
            hash = Swap(
                encoder, hash,
                change.Had ? StoredObject.Of(change.Before!) : null,
                change.Has ? StoredObject.Of(change.After!) : null);
        }

        foreach (var change in PersistentDiff.Between(from.Requests.ById, to.Requests.ById))
        {
            hash = Swap(
                encoder, hash,
                change.Had ? StoredObject.Of(change.Before!) : null,
                change.Has ? StoredObject.Of(change.After!) : null);
        }

        return hash;
    }

    private static UInt128 Swap(ObjectEncoder encoder, UInt128 hash, StoredObject? before, StoredObject? after)
    {
        hash = before is { } old ? unchecked(hash - Of(encoder, old)) : hash;
        return after is { } now ? unchecked(hash + Of(encoder, now)) : hash;
    }

    private static UInt128 Of(ObjectEncoder encoder, StoredObject stored) => OfFrame(encoder.Frame(stored));

    internal static UInt128 OfFrame(ReadOnlySpan<byte> frame)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(frame, digest);
        return BinaryPrimitives.ReadUInt128LittleEndian(digest);
    }
}
