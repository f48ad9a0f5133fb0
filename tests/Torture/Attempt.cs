using System.Buffers.Binary;
using System.Diagnostics;
using System.Security.Cryptography;
using Google.Protobuf;
using Swarm.Histories;
using Swarm.Protocol.V1;
using Swarm.Rpc;

namespace Swarm.Torture;

/// <summary>
/// A write as a careful client makes it: with an id, at one manager after the other, until one tells what became of it.
/// </summary>
internal static class Attempt
{
    private const int ClientBytes = 16;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);
    private static readonly byte[] Client = RandomNumberGenerator.GetBytes(ClientBytes);
    private static long _sequence;

    /// <summary>Done, certainly not done, or, when nobody tells in time, unknown.</summary>
    internal static async Task<OperationOutcome> SetAsync(
        Managers managers, IReadOnlyList<string> hosts, UpdateServiceRequest request, CancellationToken ct)
    {
        request.RequestId = NewId();
        var began = Stopwatch.StartNew();
        var unknown = false;
        for (var n = 0; began.Elapsed < Patience && !ct.IsCancellationRequested; n++)
        {
            try
            {
                await managers.CallAsync(hosts[n % hosts.Count], Calls.Update, request, ct).ConfigureAwait(false);
                return OperationOutcome.Known;
            }
            catch (RpcException e) when (e.Code == RpcStatusCode.Aborted)
            {
                // A conflict. Told as "not done": versions of an object may move for other reasons than writes.
                return OperationOutcome.NotDone;
            }
            catch (RpcException e)
            {
                unknown |= IsUnknown(e);
            }
            catch (OperationCanceledException)
            {
                return OperationOutcome.Unknown;
            }

            await Task.Delay(Pause, CancellationToken.None).ConfigureAwait(false);
        }

        return unknown ? OperationOutcome.Unknown : OperationOutcome.NotDone;
    }

    private static bool IsUnknown(RpcException e) => e switch
    {
        _ when RpcOutcome.IsNotDone(e) || e.Code == RpcStatusCode.ResourceExhausted => false,
        // It says for certain that nobody leads: nothing was done.
        { Code: RpcStatusCode.Unavailable } when !RpcOutcome.IsUnknown(e) => false,
        _ when RpcOutcome.IsUnknown(e) || e.Code is RpcStatusCode.Cancelled or RpcStatusCode.Internal => true,
        _ => throw new InvalidOperationException($"a write was refused for a reason that cannot be: {e.Code}", e),
    };

    internal static ByteString NewId()
    {
        var id = new byte[ClientBytes + sizeof(long)];
        Client.CopyTo(id, 0);
        BinaryPrimitives.WriteInt64BigEndian(id.AsSpan(ClientBytes), Interlocked.Increment(ref _sequence));
        return ByteString.CopyFrom(id);
    }
}
