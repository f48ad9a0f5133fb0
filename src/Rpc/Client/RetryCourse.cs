using Google.Protobuf;
using Swarm.Protocol.V1;

namespace Swarm.Rpc;

/// <summary>
/// What <see cref="RpcRetry"/> decides, without clock, waiting or call: whether a failure is the end, how long to rest,
/// when the time is over, and what the caller is told then. One course is one call with all its attempts.
/// </summary>
/// <param name="repeatable">The call has a request id, or changes nothing.</param>
/// <param name="atMost">For all attempts together.</param>
public sealed class RetryCourse(bool repeatable, TimeSpan atMost)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private TimeSpan _pause = FirstPause;
    private RpcException? _last;

    /// <summary>One of the attempts may have been carried out; what failed later does not change that.</summary>
    public bool MayHaveActed { get; private set; }

    /// <summary>The next attempt.</summary>
    /// <param name="elapsed">Since the beginning of the first one.</param>
    public RpcAttempt Attempt(TimeSpan elapsed) => new(atMost - elapsed, MayHaveActed ? elapsed : TimeSpan.Zero);

    /// <summary>An attempt failed: null when another one can tell more, else what the caller is told now.</summary>
    public RpcException? After(RpcException failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        var waits = MayHaveActed && repeatable;
        MayHaveActed |= RpcOutcome.IsUnknown(failure);
        // A server that is not there at all is a fault to tell at once, unless it may have acted before it went.
        if (failure.NeverSent ? waits : RpcOutcome.IsNotDone(failure) || (repeatable && RpcOutcome.IsUnknown(failure)))
        {
            _last = failure;
            return null;
        }

        return waits && !RpcOutcome.IsAnswer(failure) ? StillUnknown(failure) : failure;
    }

    /// <summary>How long to rest before the next attempt.</summary>
    public TimeSpan NextPause()
    {
        var pause = _pause;
        _pause = pause * 2 > LongestPause ? LongestPause : pause * 2;
        return pause;
    }

    /// <summary>After the rest: null when there is time for another attempt, else what the caller is told.</summary>
    public RpcException? Overdue(TimeSpan elapsed) =>
        elapsed < atMost || _last is null ? null
        : MayHaveActed && repeatable ? StillUnknown(_last)
        : _last;

    private static RpcException StillUnknown(RpcException last) => new(
        RpcStatusCode.DeadlineExceeded,
        $"it is not known whether this was carried out; look before you try again (last answer: {last.Message})",
        new NotLeader { Unknown = true }.ToByteArray());
}
