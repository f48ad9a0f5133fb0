namespace Swarm.Torture;

/// <summary>Partitions: the leader alone, a follower alone, or everybody alone.</summary>
internal sealed class CutRounds(Lab lab, Options options) : INemesis
{
    private const int DefaultRounds = 10;
    private const int MinCutMs = 1500;
    private const int MaxCutMs = 4000;
    private readonly Random _random = new(options.Seed);

    public int Rounds => options.Rounds ?? DefaultRounds;

    public async Task<string> RoundAsync(Managers managers)
    {
        var leader = (await managers.SettledAsync(TimeSpan.FromSeconds(30)).ConfigureAwait(false)).Host;
        var (what, alone) = _random.Next(4) switch
        {
            0 => ("follower cut off", managers.Hosts.Where(h => h != leader).Take(1)),
            1 => ("everybody alone", managers.Hosts.Skip(1)),
            _ => ("leader cut off", [leader]),
        };
        try
        {
            foreach (var host in alone)
                lab.Run("cut", host);
            await Task.Delay(_random.Next(MinCutMs, MaxCutMs)).ConfigureAwait(false);
        }
        finally
        {
            lab.Run("heal");
        }

        return what;
    }
}
