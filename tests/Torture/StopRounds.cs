namespace Swarm.Torture;

/// <summary>
/// SIGSTOP of the leader, long enough for another to lead. Questions that wait at the stopped one are answered when it
/// goes on: none of them from the past.
/// </summary>
internal sealed class StopRounds(Lab lab, Options options) : INemesis
{
    private const int DefaultRounds = 5;

    public int Rounds => options.Rounds ?? DefaultRounds;

    public async Task<string> RoundAsync(Managers managers)
    {
        var (host, term) = await managers.SettledAsync(TimeSpan.FromSeconds(30)).ConfigureAwait(false);
        var pid = lab.DaemonPid(host);
        Native.Signal(pid, Native.SigStop);
        try
        {
            await Task.Delay(TimeSpan.FromSeconds(options.PauseSeconds)).ConfigureAwait(false);
        }
        finally
        {
            Native.Signal(pid, Native.SigCont);
        }

        // The first moments after it goes on are those in which it may still think it leads.
        await Task.Delay(TimeSpan.FromSeconds(1)).ConfigureAwait(false);
        var after = await managers.SettledAsync(TimeSpan.FromSeconds(30)).ConfigureAwait(false);
        return after.Term > term
            ? "leader stopped, another led"
            : throw new InvalidOperationException(
                $"{host} led term {term}, stood still for {options.PauseSeconds} s, and nobody took over");
    }
}
