namespace Swarm.Rpc;

/// <summary>
/// Makes a call again until its outcome is known or the time is over: while there is no leader, when the leader
/// changed, when a connection broke. Only a call that acts once, however often it is made, is made again after an
/// unknown outcome.
/// </summary>
public static class RpcRetry
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    /// <param name="attempt">One call; it gets the time that is left.</param>
    /// <param name="repeatable">It has a request id, or changes nothing.</param>
    /// <param name="atMost">For all attempts together.</param>
    /// <param name="clock">Real or a test's.</param>
    /// <param name="ct">Gives up at once.</param>
    /// <exception cref="RpcException">The last failure; DEADLINE_EXCEEDED when it is not known whether a repeatable
    /// call was carried out.</exception>
    public static async Task<T> UntilKnownAsync<T>(
        Func<TimeSpan, Task<T>> attempt, bool repeatable, TimeSpan atMost, TimeProvider clock, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(attempt);
        ArgumentNullException.ThrowIfNull(clock);
        var began = clock.GetTimestamp();
        var pause = FirstPause;
        var (unknown, left) = (false, atMost);
        while (true)
        {
            RpcException failure;
            try
            {
                return await attempt(left).ConfigureAwait(false);
            }
            catch (RpcException e) when (!ct.IsCancellationRequested && IsOpen(e, repeatable))
            {
                unknown |= RpcOutcome.IsUnknown(e);
                failure = e;
            }

            await Task.Delay(pause, clock, ct).ConfigureAwait(false);
            pause = pause * 2 > LongestPause ? LongestPause : pause * 2;
            left = atMost - clock.GetElapsedTime(began);
            if (left <= TimeSpan.Zero)
            {
                throw unknown && repeatable ? StillUnknown(failure) : failure;
            }
        }
    }

    /// <summary>Another attempt can tell more. A server that is not there at all is a fault to tell at once.</summary>
    private static bool IsOpen(RpcException e, bool repeatable) => !e.NeverSent
        && (RpcOutcome.IsNotDone(e) || (repeatable && RpcOutcome.IsUnknown(e)));

    private static RpcException StillUnknown(RpcException last) => new(
        RpcStatusCode.DeadlineExceeded,
        $"it is not known whether this was carried out; look before you try again (last answer: {last.Message})",
        last.Details);
}
