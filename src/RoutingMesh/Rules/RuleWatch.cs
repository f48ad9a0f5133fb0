using Swarm.RoutingMesh.Netlink;

namespace Swarm.RoutingMesh.Rules;

/// <summary>
/// Hears of every nftables transaction and has the programmer look at those that touched our table; twice a
/// second it looks without being told. A flushed table is back within milliseconds, at the latest in a second.
/// </summary>
internal sealed class RuleWatch : IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(500);
    private readonly NetworkThread _listener;
    private readonly RuleEvents _events;
    private volatile bool _isStopping;

    private RuleWatch(NetworkThread listener, RuleEvents events)
    {
        _listener = listener;
        _events = events;
    }

    /// <param name="namespacePath">Namespace to listen in; null is the process's own.</param>
    /// <param name="check">Called with the touching transactions and whether news were lost.</param>
    /// <param name="log">Told when watching fails.</param>
    public static async Task<RuleWatch> StartAsync(
        string? namespacePath, Func<List<uint>, bool, Task> check, Action<string> log)
    {
        var listener = new NetworkThread("swarm-nft-watch", namespacePath);
        var events = await listener.RunAsync(() => new RuleEvents(Period)).ConfigureAwait(false);
        var watch = new RuleWatch(listener, events);
        _ = listener.RunAsync(() => watch.Listen(check, log));
        return watch;
    }

    public void Dispose()
    {
        _isStopping = true;
        _listener.Dispose();
        _events.Dispose();
    }

    private void Listen(Func<List<uint>, bool, Task> check, Action<string> log)
    {
        while (!_isStopping)
        {
            try
            {
                var touching = _events.Wait(out var lost);
                if (!_isStopping)
                    check(touching, lost).GetAwaiter().GetResult();
            }
            catch (MeshException failure)
            {
                // Without the watch a flush would stay unnoticed: say so and go on.
                log($"the mesh rules cannot be watched at the moment: {failure.Message}");
                Thread.Sleep(Period);
            }
        }
    }
}
