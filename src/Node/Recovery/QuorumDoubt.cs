namespace Swarm.Node.Recovery;

/// <summary>
/// Whether the swarm has really lost its quorum. A manager that has just started, or asks in the middle of an
/// election, knows no leader for a moment: to begin anew then would throw away what the majority has.
/// </summary>
internal sealed class QuorumDoubt(TimeProvider clock)
{
    /// <summary>Several elections in a row, of at most a second each, that came to nothing.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(6);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>True as soon as a majority confirms a read; false when none did for the whole of <see
    /// cref="Patience"/>.</summary>
    internal async Task<bool> IsQuorumThereAsync(Func<Task<bool>> isConfirmed, CancellationToken ct)
    {
        var began = clock.GetTimestamp();
        while (!await isConfirmed().ConfigureAwait(false))
        {
            if (clock.GetElapsedTime(began) >= Patience)
            {
                return false;
            }

            await Task.Delay(Pause, clock, ct).ConfigureAwait(false);
        }

        return true;
    }
}
