using Swarm.Manager.Control;
using Swarm.Model;
using Swarm.Raft;

namespace Swarm.Manager;

/// <summary>
/// Everything that only the leader does, created when this manager leads and disposed as a whole when it stops:
/// planner and dispatcher and logs. Nothing leader-only lives anywhere else (design.md §1.4).
/// </summary>
internal sealed class LeaderSession : IAsyncDisposable
{
    private readonly CancellationTokenSource _leading = new();
    private readonly List<Task> _parts;
    private readonly ManagerLog _log;

    internal LeaderSession(
        ClusterStore store, RaftNode raft, HandOver handOver, Func<IReadOnlyList<string>> managers, ManagerLog log,
            Action<Exception> broke)
    {
        _log = log;
        Proposer = new Proposer(raft, store, handOver);
        Dispatcher = new Dispatcher(store, Proposer, managers, log);
        Logs = new LogBroker(store, Dispatcher.SendAsync);
        Conversations = new TaskSessionBroker(store, Dispatcher, log);
        Formats = new FormatGate(
            store, Proposer, () => [.. raft.Status.Members.Select(m => new NodeId(m.NodeId))], log);
        Changes = new MembershipChanges(raft, store.Clock);
        Roles = new RoleGate(store, raft);
        var planner = new PlannerLoop(store, Proposer, log);
        var roles = new RoleReconciler(store, raft, Proposer, Changes, handOver, log);
        _parts =
        [
            GuardAsync("dispatcher", Dispatcher.RunAsync, broke),
            GuardAsync("planner", planner.RunAsync, broke),
            GuardAsync("format gate", Formats.RunAsync, broke),
            GuardAsync("role reconciler", roles.RunAsync, broke),
        ];
    }

    internal Proposer Proposer { get; }

    internal Dispatcher Dispatcher { get; }

    internal LogBroker Logs { get; }

    internal TaskSessionBroker Conversations { get; }

    internal FormatGate Formats { get; }

    internal MembershipChanges Changes { get; }

    internal RoleGate Roles { get; }

    /// <summary>Fires when this manager stops leading: requests that need the leader end.</summary>
    internal CancellationToken Leading => _leading.Token;

    /// <summary>Ends all parts and waits for them.</summary>
    public async ValueTask DisposeAsync()
    {
        await _leading.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_parts).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _leading.Dispose();
    }

    private Task GuardAsync(string part, Func<CancellationToken, Task> run, Action<Exception> broke) =>
        Task.Run(async () =>
    {
        try
        {
            await run(_leading.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_leading.IsCancellationRequested)
        {
            return;
        }
        catch (Exception e)
        {
            _log.LeaderPartBroke(part, e);
            broke(e);
            throw;
        }
    });
}
