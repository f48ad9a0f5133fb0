using System.Net.Security;
using Swarm.Manager;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Raft;
using Swarm.Rpc;
using Swarm.Store;

namespace Swarm.Node;

/// <summary>What a manager needs to ask the others to take it in.</summary>
internal sealed record RaftJoinOptions(
    MemberState Self, Func<IReadOnlyList<string>> Managers, Func<SslClientAuthenticationOptions> Tls)
{
    /// <summary>Called when the others have it for a member.</summary>
    internal Action TakenIn { get; init; } = static () => { };
}

/// <summary>
/// A manager whose log does not say that it is a member asks the leader to be taken in, until it is: after a
/// promotion, and after it lost its log.
/// </summary>
internal sealed class RaftJoin : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(10);
    private static readonly RpcMethod<JoinClusterRequest, JoinClusterResponse> Method =
        RpcMethod<JoinClusterRequest, JoinClusterResponse>.Of(
            ClusterReflection.Descriptor.Services.Single(s => s.Name == "RaftPeer"), "JoinCluster");

    private readonly ManagerNode _manager;
    private readonly RaftJoinOptions _options;
    private readonly NodeLog _log;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _run;
    private volatile string _problem = "";

    internal RaftJoin(ManagerNode manager, RaftJoinOptions options, NodeLog log, Action<Exception> broke)
    {
        (_manager, _options, _log) = (manager, options, log);
        _run = Vital.Run(RunAsync, broke, _stop.Token);
    }

    /// <summary>Why this manager is not yet a member; empty when it is, or was not refused yet.</summary>
    internal string Problem => _problem;

    /// <summary>Asks the managers in turn, and whom they name as leader.</summary>
    /// <exception cref="RpcException">The last refusal.</exception>
    internal static async Task OnceAsync(RaftJoinOptions options, CancellationToken ct)
    {
        var asked = new HashSet<string> { options.Self.AdvertiseAddress };
        var open = new Queue<string>(options.Managers());
        RpcException failure = new(
            RpcStatusCode.Unavailable,
            "no other manager is known; if there is none, this swarm's state is lost with the log: restore a backup "
            + "with 'swarmctl backup restore' after 'swarmctl swarm leave --force'");
        while (open.TryDequeue(out var manager))
        {
            if (!asked.Add(manager))
            {
                continue;
            }

            try
            {
                await AskAsync(options, manager, ct).ConfigureAwait(false);
                return;
            }
            catch (RpcException e)
            {
                var leader = NotLeaderAddress(e);
                failure = leader is { Length: 0 } ? NoLeader() : e;
                if (leader is { Length: > 0 })
                {
                    open.Enqueue(leader);
                }
            }
        }

        throw failure;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        for (var pause = FirstPause; !IsSettled(_manager.RaftStatus); pause = Longer(pause))
        {
            try
            {
                await OnceAsync(_options, _stop.Token).ConfigureAwait(false);
                _problem = "";
            }
            catch (RpcException e) when (!_stop.IsCancellationRequested)
            {
                if (!_problem.EndsWith(e.Message, StringComparison.Ordinal))
                {
                    _log.Warn($"this manager is not taken in by the others yet: {e.Message}");
                }

                _problem = $"this manager is not taken in by the others yet: {e.Message}";
            }

            await Task.Delay(pause, _stop.Token).ConfigureAwait(false);
        }

        _problem = "";
        if (!_manager.RaftStatus.Removed)
        {
            _options.TakenIn();
        }
    }

    /// <summary>A member, or one that was taken out again: then it is another's turn.</summary>
    private static bool IsSettled(RaftStatus status) =>
        status.Removed || status.Members.Any(m => m.Id == status.Id);

    private static TimeSpan Longer(TimeSpan pause) => pause * 2 < LongestPause ? pause * 2 : LongestPause;

    private static async Task AskAsync(RaftJoinOptions options, string manager, CancellationToken ct)
    {
        var address = HostPort.Parse(manager);
        await using var channel = RpcChannel.ForTcp(address.Host, address.Port, options.Tls);
        await channel.UnaryAsync(
            Method,
            new JoinClusterRequest
            {
                RaftId = options.Self.RaftId,
                Address = options.Self.AdvertiseAddress,
                StoreFormat = StoreFormat.Newest,
            },
            new CallOptions { Deadline = AnswerTimeout },
            ct).ConfigureAwait(false);
    }

    private static RpcException NoLeader() => new(
        RpcStatusCode.Unavailable,
        "the other managers have no leader; if more of them lost their logs than the quorum allows: "
        + "docs/runbook/quorum-lost.md");

    private static string? NotLeaderAddress(RpcException e) =>
        e is { Code: RpcStatusCode.FailedPrecondition, Details: { Length: > 0 } details }
            ? NotLeader.Parser.ParseFrom(details).LeaderAddress
            : null;
}
