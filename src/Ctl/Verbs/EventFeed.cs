using System.Runtime.CompilerServices;
using Swarm.Protocol.V1;
using Swarm.Rpc;

namespace Swarm.Ctl.Verbs;

/// <summary>
/// Events in order, each once, also when the leader changes meanwhile: the watch is taken up again after the last
/// whole revision, and what was seen already of the next one is left out.
/// </summary>
internal sealed class EventFeed(
    WatchRequest request, Func<WatchRequest, IAsyncEnumerable<WatchResponse>> open, TimeProvider clock)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>How long nobody may answer before this is given up.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private ulong _revision;
    private int _given;
    private int _passed;
    private long? _failing;
    private bool _isOver;

    /// <summary>Told once, when something that was asked for is forgotten: up to when.</summary>
    internal Action<long>? OnForgotten { get; init; }

    internal async IAsyncEnumerable<(Revision Revision, Event Event)> ReadAsync(
        [EnumeratorCancellation] CancellationToken ct)
    {
        while (true)
        {
            _passed = 0;
            await using (var messages = open(request).GetAsyncEnumerator(ct))
            {
                while (await HasNextAsync(messages).ConfigureAwait(false))
                {
                    foreach (var e in New(messages.Current))
                    {
                        yield return (new Revision(messages.Current.Epoch, messages.Current.Revision), e);
                    }
                }
            }

            if (_isOver)
            {
                yield break;
            }

            await Task.Delay(Pause, clock, ct).ConfigureAwait(false);
        }
    }

    /// <summary>False when the stream has to be opened again.</summary>
    private async Task<bool> HasNextAsync(IAsyncEnumerator<WatchResponse> messages)
    {
        try
        {
            var more = await messages.MoveNextAsync().ConfigureAwait(false);
            _failing = null;
            _isOver = !more && request.HasUntilNs;
            return more;
        }
        catch (RpcException e) when (
            e.Code == RpcStatusCode.Unavailable && !e.NeverSent && request.HasAfterRevision)
        {
            _failing ??= clock.GetTimestamp();
            if (clock.GetElapsedTime(_failing.Value) > Patience)
            {
                throw;
            }

            return false;
        }
    }

    /// <summary>What of a message was not given out before; remembers where to go on.</summary>
    private List<Event> New(WatchResponse message)
    {
        if (message.ForgottenUntilNs > 0)
        {
            OnForgotten?.Invoke(message.ForgottenUntilNs);
        }

        if (message.Events.Count > 0 && message.Revision != _revision)
        {
            (_revision, _given, _passed) = (message.Revision, 0, 0);
        }

        var fresh = message.Events.Skip(Math.Max(0, _given - _passed)).ToList();
        _passed += message.Events.Count;
        _given = Math.Max(_given, _passed);
        if (!message.More)
        {
            (request.Epoch, request.AfterRevision) = (message.Epoch, message.Revision);
        }

        return fresh;
    }
}
