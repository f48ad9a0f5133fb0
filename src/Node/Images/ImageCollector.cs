using Swarm.Runtime.Images;

namespace Swarm.Node.Images;

/// <summary>Keeps the disk limits of the images while the daemon runs.</summary>
internal sealed class ImageCollector : IAsyncDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(5);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    internal ImageCollector(ImageStore images, Action<string> log) =>
        _running = Task.Run(() => RunAsync(images, log, _stop.Token));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private static async Task RunAsync(ImageStore images, Action<string> log, CancellationToken ct)
    {
        using var timer = new PeriodicTimer(Period);
        do
        {
            try
            {
                images.Collect();
            }
            catch (IOException e)
            {
                log($"images could not be cleaned up: {e.Message}");
            }
        }
        while (await timer.WaitForNextTickAsync(ct).ConfigureAwait(false));
    }
}
