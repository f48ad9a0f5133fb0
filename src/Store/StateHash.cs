using System.Buffers.Binary;
using System.Security.Cryptography;
using Swarm.Model;

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
    /// <param name="hash">Of <paramref name="from"/>.</param>
    /// <param name="from">The one before.</param>
    /// <param name="to">The one after.</param>
    /// <param name="memory">Of who asks for one state after another; changes the price only.</param>
    public static UInt128 Next(UInt128 hash, ClusterState from, ClusterState to, HashMemory? memory = null)
    {
        var encoder = memory?.Encoder ?? new ObjectEncoder();
        var walk = new Difference(encoder, memory) { Hash = hash };
        if (!ReferenceEquals(from.Cluster, to.Cluster))
        {
            walk.Swap(from.Cluster, to.Cluster, StoredObject.Of, StoredObject.Of);
        }

        // One after the other and never in a list: after a large plan they are a hundred thousand.
        PersistentDiff.Visit(from.Nodes, to.Nodes, c => walk.Swap(c.Before, c.After, StoredObject.Of, StoredObject.Of));
        PersistentDiff.Visit(
            from.Services, to.Services, c => walk.Swap(c.Before, c.After, StoredObject.Of, StoredObject.Of));

        // When a task began to run is a fact of its own map, and changes only together with the task.
        Func<TaskRecord, StoredObject> was = t => StoredObject.Of(from, t);
        Func<TaskRecord, StoredObject> isNow = t => StoredObject.Of(to, t);
        PersistentDiff.Visit(from.Tasks, to.Tasks, c => walk.Swap(c.Before, c.After, was, isNow));
        PersistentDiff.Visit(
            from.Payloads, to.Payloads, c => walk.Swap(c.Before, c.After, StoredObject.Of, StoredObject.Of));

        // Commands come and go and do not change: there is nothing to remember them for.
        var commands = new Difference(encoder, null) { Hash = walk.Hash };
        PersistentDiff.Visit(
            from.Requests.ById, to.Requests.ById,
            c => commands.Swap(c.Before, c.After, StoredObject.Of, StoredObject.Of));
        return commands.Hash;
    }

    private static UInt128 Of(ObjectEncoder encoder, StoredObject stored) => OfFrame(encoder.Frame(stored));

    internal static UInt128 OfFrame(ReadOnlySpan<byte> frame)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(frame, digest);
        return BinaryPrimitives.ReadUInt128LittleEndian(digest);
    }

    private sealed class Difference(ObjectEncoder encoder, HashMemory? memory)
    {
        internal UInt128 Hash { get; set; }

        internal void Swap<T>(T? before, T? after, Func<T, StoredObject> was, Func<T, StoredObject> isNow)
            where T : class
        {
            if (before is not null)
            {
                Hash = unchecked(Hash - (memory?.Take(before) ?? Of(encoder, was(before))));
            }

            if (after is not null)
            {
                var hash = Of(encoder, isNow(after));
                memory?.Put(after, hash);
                Hash = unchecked(Hash + hash);
            }
        }
    }
}
