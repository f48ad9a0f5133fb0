namespace Swarm.Torture;

/// <summary>
/// kill -9: one manager or the leader most of the time, sometimes a majority, sometimes all of them at once.
/// </summary>
internal sealed class KillRounds(Lab lab, Options options) : INemesis
{
    private const int DefaultRounds = 100;
    private const int MaxDownMs = 1200;
    private readonly Random _random = new(options.Seed);

    public int Rounds => options.Rounds ?? DefaultRounds;

    public async Task<string> RoundAsync(Managers managers)
    {
        var (what, victims) = await DrawAsync(managers).ConfigureAwait(false);
        Parallel.ForEach(victims, lab.Kill);
        await Task.Delay(_random.Next(MaxDownMs)).ConfigureAwait(false);
        Parallel.ForEach(victims, lab.Start);
        return what;
    }

    private async Task<(string What, string[] Victims)> DrawAsync(Managers managers)
    {
        var hosts = managers.Hosts.ToArray();
        _random.Shuffle(hosts);
        switch (_random.Next(10))
        {
            case < 4:
                return ("one killed", hosts[..1]);
            case < 7 when await managers.LeaderAsync().ConfigureAwait(false) is { } leader:
                return ("leader killed", [leader.Host]);
            case < 9:
                return ("majority killed", hosts[..(hosts.Length / 2 + 1)]);
            default:
                return ("all killed", hosts);
        }
    }
}
