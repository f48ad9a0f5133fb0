using System.Buffers;
using Swarm.Protocol.V1;
using Swarm.Raft;
using Swarm.Rpc;

namespace Swarm.Manager;

/// <summary>Reads the connections on which other managers send Raft's messages, and hands over all that came at once.
/// </summary>
internal sealed class RaftIntake(Action<IReadOnlyList<RaftMessage>> receive)
{
    /// <summary>How often the sender is looked up again, in milliseconds: one that was removed must not go on.
    /// </summary>
    private const int RecheckMs = 1_000;

    /// <summary>For the server of this manager.</summary>
    internal RawProtocol Protocol => new(RaftFrame.Protocol, CallerRole.Manager, ServeAsync);

    private async Task ServeAsync(RawConnection connection, CancellationToken ct)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var checkedAt = Environment.TickCount64;
        var messages = new List<RaftMessage>();
        while (true)
        {
            silence.CancelAfter(RaftFrame.SilenceLimitMs);
            var read = await connection.Input.ReadAsync(silence.Token).ConfigureAwait(false);
            if (Environment.TickCount64 - checkedAt > RecheckMs)
            {
                checkedAt = Environment.TickCount64;
                if (!connection.IsStillWelcome())
                    return;
            }

            var rest = read.Buffer;
            while (RaftFrame.TryRead(ref rest, out var message))
            {
                if (message.Length > 0)
                    messages.Add(RaftMessageCodec.Decode(message.IsSingleSegment ? message.First : message.ToArray()));
            }

            connection.Input.AdvanceTo(rest.Start, read.Buffer.End);
            if (messages.Count > 0)
                receive(messages);
            messages.Clear();
            if (read.IsCompleted)
                return;
        }
    }
}
