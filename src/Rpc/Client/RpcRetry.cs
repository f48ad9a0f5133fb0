namespace Swarm.Rpc;

/// <summary>
/// Makes a call again until its outcome is known or the time is over: while there is no leader, when the leader
/// changed, when a connection broke. Only a call that acts once, however often it is made, is made again after an
/// unknown outcome. <see cref="RetryCourse"/> decides; this calls and waits.
/// </summary>
public static class RpcRetry
{
    /// <param name="attempt">One call.</param>
    /// <param name="repeatable">It has a request id, or changes nothing.</param>
    /// <param name="atMost">For all attempts together.</param>
    /// <param name="clock">Real or a test's.</param>
    /// <param name="ct">Gives up at once.</param>
    /// <exception cref="RpcException">The last failure; DEADLINE_EXCEEDED when it is not known whether a repeatable
    /// call was carried out.</exception>
    public static async Task<T> UntilKnownAsync<T>(
        Func<RpcAttempt, Task<T>> attempt, bool repeatable, TimeSpan atMost, TimeProvider clock, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(attempt);
        ArgumentNullException.ThrowIfNull(clock);
        var began = clock.GetTimestamp();
        var course = new RetryCourse(repeatable, atMost);
        var next = course.Attempt(TimeSpan.Zero);
        while (true)
        {
            try
            {
                return await attempt(next).ConfigureAwait(false);
            }
            catch (RpcException e) when (!ct.IsCancellationRequested)
            {
                var told = course.After(e);
                if (ReferenceEquals(told, e))
                {
                    throw;
                }

                if (told is not null)
                {
                    throw told;
                }
            }

            await Task.Delay(course.NextPause(), clock, ct).ConfigureAwait(false);
            var elapsed = clock.GetElapsedTime(began);
            if (course.Overdue(elapsed) is { } over)
            {
                throw over;
            }

            next = course.Attempt(elapsed);
        }
    }
}
