using System.Threading.Channels;
using Swarm.Protocol.V1;

namespace Swarm.Worker;

/// <summary>
/// Applies mesh and peer updates one after another, beside the session's reader, and tells each applied version:
/// the leader waits for it before it stops a task that was withdrawn.
/// </summary>
internal sealed class MeshFeed : IAsyncDisposable
{
    /// <summary>Updates that may wait; more means that this node cannot keep up and the session starts anew.</summary>
    private const int MaxWaiting = 1024;

    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(200);

    private readonly Channel<object> _updates = Channel.CreateBounded<object>(MaxWaiting);
    private readonly CancellationTokenSource _stop = new();
    private readonly INodeDataPlane _plane;
    private readonly WorkerLog _log;
    private readonly Func<ulong, Task> _applied;
    private readonly Task _run;

    internal MeshFeed(INodeDataPlane plane, WorkerLog log, Func<ulong, Task> applied)
    {
        _plane = plane;
        _log = log;
        _applied = applied;
        _run = Task.Run(RunAsync);
    }

    internal void Add(MeshUpdate update) => Enqueue(update);

    internal void Add(PeerUpdate update) => Enqueue(update);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private void Enqueue(object update)
    {
        if (!_updates.Writer.TryWrite(update))
        {
            throw new Swarm.Rpc.RpcException(
                Swarm.Rpc.RpcStatusCode.ResourceExhausted, $"{MaxWaiting} mesh updates wait on this node");
        }
    }

    private async Task RunAsync()
    {
        await foreach (var update in _updates.Reader.ReadAllAsync(_stop.Token).ConfigureAwait(false))
        {
            if (update is PeerUpdate peers)
            {
                await UntilAppliedAsync(0, ct => _plane.ApplyPeersAsync(peers, ct)).ConfigureAwait(false);
                continue;
            }

            var mesh = (MeshUpdate)update;
            await UntilAppliedAsync(mesh.Version, ct => _plane.ApplyMeshAsync(mesh, ct)).ConfigureAwait(false);
            await _applied(mesh.Version).ConfigureAwait(false);
        }
    }

    /// <summary>The kernel must end up with what the leader said; a refusal is said and tried again.</summary>
    private async Task UntilAppliedAsync(ulong version, Func<CancellationToken, Task> apply)
    {
        while (true)
        {
            try
            {
                await apply(_stop.Token).ConfigureAwait(false);
                return;
            }
            catch (Exception e) when (e is IOException or InvalidOperationException)
            {
                _log.MeshFailed(version, e.Message);
                await Task.Delay(RetryDelay, _stop.Token).ConfigureAwait(false);
            }
        }
    }
}
