using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Google.Protobuf;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Worker;

/// <summary>
/// The secrets and configs that this node was sent, in memory and nowhere else. What is no longer needed is overwritten
/// at once.
/// </summary>
internal sealed class PayloadBook
{
    private readonly Dictionary<PayloadId, ByteString> _held = [];
    private readonly Lock _gate = new();

    /// <summary>How many there are.</summary>
    internal int Count
    {
        get
        {
            lock (_gate)
            {
                return _held.Count;
            }
        }
    }

    /// <summary>Takes in what the leader sent; a complete update replaces everything.</summary>
    internal void Take(PayloadUpdate update)
    {
        lock (_gate)
        {
            if (update.Complete)
            {
                var named = update.Payloads.Select(p => new PayloadId(p.Id)).ToHashSet();
                foreach (var gone in _held.Keys.Where(id => !named.Contains(id)).ToList())
                {
                    Drop(gone);
                }
            }

            foreach (var id in update.RemovedIds)
            {
                Drop(new PayloadId(id));
            }

            foreach (var payload in update.Payloads)
            {
                Drop(new PayloadId(payload.Id));
                _held[new PayloadId(payload.Id)] = payload.Data;
            }
        }
    }

    /// <summary>A copy, which the caller overwrites after use; null when it is not here.</summary>
    internal byte[]? Copy(PayloadId id)
    {
        lock (_gate)
        {
            return _held.GetValueOrDefault(id)?.ToByteArray();
        }
    }

    private void Drop(PayloadId id)
    {
        if (_held.Remove(id, out var data) && MemoryMarshal.TryGetArray(data.Memory, out var bytes))
        {
            CryptographicOperations.ZeroMemory(bytes.AsSpan());
        }
    }
}
