using Swarm.Ctl.Cli;
using Swarm.Ctl.Spec;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;

namespace Swarm.Ctl.Verbs;

/// <summary>
/// Waits until a service runs as it should, and shows how far it is. The result is the verb's exit code: 0 converged,
/// 1 paused, rolled back or out of time.
/// </summary>
internal static class Convergence
{
    /// <summary>How long all tasks must have run before a service without an update counts as stable.</summary>
    private static readonly TimeSpan Verify = TimeSpan.FromSeconds(1);

    /// <param name="ctl">The connection.</param>
    /// <param name="service">Which; with the version that an update made, a rollback of that very update is a
    /// failure, however late it is seen.</param>
    /// <param name="shown">What the user calls it.</param>
    /// <param name="flags">--detach, --quiet, --timeout.</param>
    /// <param name="ct">The user's interrupt.</param>
    internal static async Task<int> WaitUnlessDetachedAsync(
        Cli.Ctl ctl, EditedService service, string shown, FlagValues flags, CancellationToken ct)
    {
        if (flags.IsOn("detach") || ctl.Observing)
        {
            return ExitCode.Done;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var timeout = flags.Last("timeout");
        if (timeout is not null)
        {
            limit.CancelAfter(SpecDefaults.FromNs(Units.DurationNs("--timeout", timeout)));
        }

        var view = flags.IsOn("quiet") ? null : new ProgressView(ctl.Out, ctl.IsTerminal);
        var watch = new ServiceWatch(service.Version);
        try
        {
            return await FollowAsync(ctl, service.Id, shown, view, watch, limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or RpcException && limit.IsCancellationRequested)
        {
            if (!ct.IsCancellationRequested)
            {
                ctl.Error.WriteLine(
                    $"service {shown} did not converge within {timeout}: {watch.Why()}; it goes on in the background, "
                    + $"see 'swarmctl service ps {shown}'");
                return ExitCode.Refused;
            }

            ctl.Error.WriteLine(
                $"Operation continuing in background. Use `swarmctl service ps {shown}` to check progress.");
            return ExitCode.Interrupted;
        }
    }

    private static async Task<int> FollowAsync(
        Cli.Ctl ctl, string id, string shown, ProgressView? view, ServiceWatch watch, CancellationToken ct)
    {
        while (true)
        {
            try
            {
                return await FollowOnceAsync(ctl, id, shown, view, watch, ct).ConfigureAwait(false);
            }
            catch (RpcException e) when (e.Code == RpcStatusCode.Unavailable && !ct.IsCancellationRequested)
            {
                // The leader changed while we watched; the service converges all the same.
                await Task.Delay(TimeSpan.FromMilliseconds(200), ct).ConfigureAwait(false);
            }
        }
    }

    private static async Task<int> FollowOnceAsync(
        Cli.Ctl ctl, string id, string shown, ProgressView? view, ServiceWatch watch, CancellationToken ct)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var pictures = ctl.StreamAsync<WatchServiceRequest, WatchServiceResponse>(
            "WatchService", new WatchServiceRequest { Ref = id }, end.Token).GetAsyncEnumerator(end.Token);
        var next = pictures.MoveNextAsync().AsTask();
        try
        {
            DateTimeOffset? stableSince = null;
            while (!IsOver(stableSince, out var verifying))
            {
                if (await Task.WhenAny(next, Task.Delay(verifying, ct)).ConfigureAwait(false) != next)
                {
                    ct.ThrowIfCancellationRequested();
                    continue;
                }

                if (!await next.ConfigureAwait(false))
                {
                    throw new CtlException(
                        ExitCode.NotFound, $"service {shown} was removed while it was being watched");
                }

                var outcome = watch.Take(pictures.Current);
                view?.Show(watch);
                if (outcome is { } known)
                {
                    return await FinishAsync(ctl, view, shown, known, watch, ct).ConfigureAwait(false);
                }

                stableSince = watch.IsStable ? stableSince ?? Begin(view) : null;
                next = pictures.MoveNextAsync().AsTask();
            }

            return await FinishAsync(ctl, view, shown, new WatchEnd(WatchEndKind.Converged, ""), watch, ct)
                .ConfigureAwait(false);
        }
        finally
        {
            // An enumerator can only be disposed when it is not waiting.
            await end.CancelAsync().ConfigureAwait(false);
            await Task.WhenAny(next).ConfigureAwait(false);
            await pictures.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static bool IsOver(DateTimeOffset? stableSince, out TimeSpan left)
    {
        left = stableSince is { } since ? since + Verify - DateTimeOffset.UtcNow : Timeout.InfiniteTimeSpan;
        if (stableSince is null || left > TimeSpan.Zero)
        {
            return false;
        }

        left = TimeSpan.Zero;
        return true;
    }

    private static DateTimeOffset Begin(ProgressView? view)
    {
        view?.Say($"verify: Waiting {Verify.TotalSeconds:0} seconds to verify that tasks are stable...");
        return DateTimeOffset.UtcNow;
    }

    private static async Task<int> FinishAsync(
        Cli.Ctl ctl, ProgressView? view, string shown, WatchEnd end, ServiceWatch watch, CancellationToken ct)
    {
        switch (end.Kind)
        {
            case WatchEndKind.Converged:
                view?.Say($"verify: Service {shown} converged");
                return ExitCode.Done;
            case WatchEndKind.Complete:
                view?.Say("job complete");
                return ExitCode.Done;
            case WatchEndKind.Removed:
                throw new CtlException(ExitCode.NotFound, $"service {shown} was removed while it was being watched");
            default:
                ctl.Error.WriteLine($"service {Printable.Line(end.Message)}");
                await LastWords.PrintAsync(ctl, watch.FailedTask, ct).ConfigureAwait(false);
                return ExitCode.Refused;
        }
    }
}
