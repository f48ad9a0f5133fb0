using System.Collections.Concurrent;
using System.Diagnostics;
using System.Threading.Channels;

namespace Swarm.Rpc;

/// <summary>
/// Sequences that are each in order of time, as one. An item waits until every other sequence has one too, or has had
/// none for as long as is waited; what comes later than that comes late, and is not lost.
/// </summary>
/// <param name="timeOf">Any unit, the same for all.</param>
/// <param name="patience">How long a silent sequence holds up the others.</param>
public sealed class TimeMerge<T>(Func<T, long> timeOf, TimeSpan patience)
{
    private readonly ConcurrentQueue<Source> _added = new();
    private readonly PriorityQueue<Source, (long Time, long Order)> _heads = new();
    private readonly List<Source> _waiting = [];
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _complete;
    private long _lastOrder;

    /// <summary>One more sequence, also while others are read.</summary>
    /// <param name="items">Completed without an error.</param>
    /// <param name="givenUp">Null: it is waited for as long as it takes. Else it is left when it was silent for longer
    /// than the patience, and this is told.</param>
    public void Add(ChannelReader<T> items, Action? givenUp = null)
    {
        _added.Enqueue(new Source(items, givenUp, Interlocked.Increment(ref _lastOrder)));
        Volatile.Read(ref _news).TrySetResult();
    }

    /// <summary>There will be no more sequences.</summary>
    public void Complete()
    {
        _complete = true;
        Volatile.Read(ref _news).TrySetResult();
    }

    /// <summary>Ends when the last sequence has ended and no more can come. To be read once.</summary>
    public async IAsyncEnumerable<T> ReadAllAsync(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        while (true)
        {
            ct.ThrowIfCancellationRequested();
            // Before the look at what was added: whatever comes after it is told by the new one.
            Volatile.Write(
                ref _news, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            var last = _complete;
            // One moment for the whole round: who is late in one place must not be punctual in another.
            var now = Stopwatch.GetTimestamp();
            while (_added.TryDequeue(out var source))
            {
                source.Rest();
                _waiting.Add(source);
            }

            for (var i = _waiting.Count - 1; i >= 0; i--)
            {
                Look(i, now, ct);
            }

            if (_heads.Count > 0 && _waiting.TrueForAll(s => IsLate(s, now)))
            {
                var next = _heads.Dequeue();
                yield return next.Head!;
                next.Rest();
                _waiting.Add(next);
            }
            else if (_heads.Count == 0 && _waiting.Count == 0 && last)
            {
                yield break;
            }
            else
            {
                await WaitAsync(Volatile.Read(ref _news).Task, now, ct).ConfigureAwait(false);
            }
        }
    }

    /// <summary>A source that has an item becomes a head; one that has ended, or is given up, goes.</summary>
    private void Look(int at, long now, CancellationToken ct)
    {
        var source = _waiting[at];
        if (source.Items.TryRead(out var item))
        {
            source.Head = item;
            _heads.Enqueue(source, (timeOf(item), source.Order));
            _waiting.RemoveAt(at);
            return;
        }

        source.Ready ??= source.Items.WaitToReadAsync(ct).AsTask();
        if (source.Ready.IsCompleted)
        {
            if (source.Ready.GetAwaiter().GetResult())
            {
                source.Ready = null;
                Look(at, now, ct);
                return;
            }

            _waiting.RemoveAt(at);
        }
        else if (source.GivenUp is not null && IsLate(source, now))
        {
            _waiting.RemoveAt(at);
            source.GivenUp();
        }
    }

    private bool IsLate(Source source, long now) =>
        patience != Timeout.InfiniteTimeSpan && Stopwatch.GetElapsedTime(source.Since, now) >= patience;

    private async Task WaitAsync(Task news, long now, CancellationToken ct)
    {
        // Only where somebody's lateness changes anything: an item is held up, or a sequence may be given up.
        var left = patience == Timeout.InfiniteTimeSpan
            ? patience
            : _waiting.Where(s => (_heads.Count > 0 || s.GivenUp is not null) && !IsLate(s, now))
                .Select(s => patience - Stopwatch.GetElapsedTime(s.Since, now) + TimeSpan.FromMilliseconds(1))
                .DefaultIfEmpty(Timeout.InfiniteTimeSpan).Min();
        using var awake = CancellationTokenSource.CreateLinkedTokenSource(ct);
        await Task.WhenAny([.. _waiting.Select(s => (Task)s.Ready!), news, Task.Delay(left, awake.Token)])
            .ConfigureAwait(false);
        await awake.CancelAsync().ConfigureAwait(false);
        ct.ThrowIfCancellationRequested();
    }

    private sealed class Source(ChannelReader<T> items, Action? givenUp, long order)
    {
        internal ChannelReader<T> Items => items;

        internal Action? GivenUp => givenUp;

        internal long Order => order;

        internal T? Head { get; set; }

        internal Task<bool>? Ready { get; set; }

        /// <summary>Since when nothing came although it was waited for.</summary>
        internal long Since { get; private set; }

        internal void Rest() => (Since, Head) = (Stopwatch.GetTimestamp(), default);
    }
}
