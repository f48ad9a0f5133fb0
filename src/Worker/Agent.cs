using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using Swarm.Protocol.V1;
using Swarm.Rpc;

namespace Swarm.Worker;

/// <summary>
/// Keeps one session with the leader open for as long as the node is a member: tries the managers in turn, goes
/// where "not leader" points, backs off between rounds. Containers are not touched while no manager answers.
/// </summary>
public sealed class Agent : IAsyncDisposable
{
    private static readonly TimeSpan FirstBackOff = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestBackOff = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BreakDuration = TimeSpan.FromSeconds(2);

    private readonly AgentOptions _options;
    private readonly WorkerLog _log;
    private readonly Dictionary<string, ResiliencePipeline> _breakers = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskFleet _fleet;
    private readonly AgentState _state;
    private Task _run = Task.CompletedTask;

    /// <summary>Prepares an agent; nothing runs before <see cref="Start"/>.</summary>
    public Agent(AgentOptions options)
    {
        _options = options;
        _log = new WorkerLog(options.Logger);
        _state = new AgentState(options, _log);
        _fleet = new TaskFleet(options.Runtime, _state.Report, _log);
    }

    /// <summary>Ends with the exception when a runner or the agent broke: the daemon must end then.</summary>
    public Task<Exception> Broken => _fleet.Broken.Task;

    /// <summary>A session is open.</summary>
    public bool IsConnected => _state.IsConnected;

    /// <summary>Begins to look for the leader.</summary>
    public void Start() => _run = Task.Run(() => RunAsync(_stop.Token));

    /// <summary>Ends the session and the runners; containers stay.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _fleet.DisposeAsync().ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task RunAsync(CancellationToken stop)
    {
        var retry = new ResiliencePipelineBuilder<bool>().AddRetry(new RetryStrategyOptions<bool>
        {
            MaxRetryAttempts = int.MaxValue,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = FirstBackOff,
            MaxDelay = LongestBackOff,
            ShouldHandle = new PredicateBuilder<bool>().HandleResult(static wasOpen => !wasOpen),
        }).Build();
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await retry.ExecuteAsync(ct => new ValueTask<bool>(TryOneAsync(ct)), stop).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // A daemon whose agent is gone looks healthy to everybody but the leader; one that ended is restarted.
                _log.AgentBroke(e);
                _fleet.Broken.TrySetResult(e);
                return;
            }
        }
    }

    /// <summary>True when a session had been open: the next try then starts without back-off.</summary>
    private async Task<bool> TryOneAsync(CancellationToken ct)
    {
        if (_options.Managers.Next() is not { } manager)
        {
            return false;
        }

        var session = new AgentSession(_options, _state, _fleet, _log);
        try
        {
            await Breaker(manager).ExecuteAsync(
                async token => await session.RunAsync(manager, token).ConfigureAwait(false), ct).ConfigureAwait(false);
        }
        catch (RpcException e) when (NotLeaderAddress(e) is { Length: > 0 } leader)
        {
            _options.Managers.Prefer(leader);
        }
        catch (RpcException e)
        {
            _log.SessionEnded(manager, e.Message);
            _options.Managers.Avoid(manager);
            _options.OnRefused?.Invoke(e);
        }
        catch (BrokenCircuitException)
        {
            return false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // This node's own side: its network cannot be set up now, its disk is full. It may be otherwise later.
            _log.SessionEnded(manager, e.Message);
        }

        return session.WasOpen;
    }

    private ResiliencePipeline Breaker(string manager)
    {
        if (!_breakers.TryGetValue(manager, out var breaker))
        {
            breaker = new ResiliencePipelineBuilder().AddCircuitBreaker(new CircuitBreakerStrategyOptions
            {
                FailureRatio = 1,
                MinimumThroughput = 4,
                SamplingDuration = TimeSpan.FromSeconds(5),
                BreakDuration = BreakDuration,
                ShouldHandle = new PredicateBuilder().Handle<RpcException>(e => e.Code == RpcStatusCode.Unavailable),
            }).Build();
            _breakers[manager] = breaker;
        }

        return breaker;
    }

    private static string? NotLeaderAddress(RpcException e) =>
        e is { Code: RpcStatusCode.FailedPrecondition, Details: { Length: > 0 } details }
            ? NotLeader.Parser.ParseFrom(details).LeaderAddress
            : null;
}
