namespace Swarm.RoutingMesh.Attach;

/// <summary>
/// One piece of slow work that serves everybody who asked before it began: at most one run at a time and one
/// waiting, however many ask.
/// </summary>
internal sealed class SharedRun(Func<Task> work)
{
    private readonly Lock _gate = new();
    private Task _running = Task.CompletedTask;
    private Task? _next;

    /// <summary>Done when a run that began after this call is done; fails as that run did.</summary>
    public Task RequestAsync()
    {
        lock (_gate)
            return _next ??= Task.Run(RunAsync);
    }

    private async Task RunAsync()
    {
        Task before;
        lock (_gate)
            before = _running;
        // How that one ended concerns those who waited for it.
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_gate)
        {
            _running = _next!;
            _next = null;
        }

        await work().ConfigureAwait(false);
    }
}
