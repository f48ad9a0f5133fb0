using System.Diagnostics;
using System.Threading.Channels;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Worker.Core;

namespace Swarm.Worker;

/// <summary>
/// One session stream with one manager, from hello to its end. Three pumps share it: what the manager says, the
/// status batches, the heartbeats. When one of them ends, the session ends.
/// </summary>
internal sealed class AgentSession(AgentOptions options, AgentState state, TaskFleet fleet, WorkerLog log)
{
    /// <summary>A session is over when the manager is silent for this many heartbeat periods.</summary>
    private const int SilentPeriods = 4;

    private static readonly TimeSpan WelcomeTimeout = TimeSpan.FromSeconds(5);
    private static readonly RpcMethod<SessionRequest, SessionResponse> SessionMethod =
        RpcMethod<SessionRequest, SessionResponse>.Of(DispatcherReflection.Descriptor.Services[0], "Session");

    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly HeartbeatPace _pace = new();

    /// <summary>The manager had welcomed this node.</summary>
    internal bool WasOpen { get; private set; }

    /// <summary>Runs until the session ends.</summary>
    /// <exception cref="RpcException">The manager refused, or the connection broke.</exception>
    internal async Task RunAsync(string manager, CancellationToken stop)
    {
        var (host, port) = HostPort.Parse(manager);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        await using var channel = RpcChannel.ForTcp(host, port, options.Tls);
        await using var call = channel.Duplex(SessionMethod, ct: end.Token);
        try
        {
            await call.WriteAsync(new SessionRequest { Hello = Hello() }, end.Token).ConfigureAwait(false);
            await PumpAsync(manager, channel, call, end).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested && !stop.IsCancellationRequested)
        {
            throw new RpcException(RpcStatusCode.Unavailable, $"manager {manager} was silent for too long");
        }
        finally
        {
            state.SessionClosed();
            await end.CancelAsync().ConfigureAwait(false);
        }
    }

    private Hello Hello()
    {
        var hello = new Hello
        {
            Description = options.Description,
            NodeAddress = options.NodeAddress,
            ManagerAddress = options.ManagerAddress(),
            Epoch = options.Epoch(),
        };
        hello.Found.Add(FoundTasks.On(options.Runtime));
        return hello;
    }

    private async Task PumpAsync(
        string manager, RpcChannel channel, DuplexCall<SessionRequest, SessionResponse> call,
        CancellationTokenSource end)
    {
        await using var logs = new LogPublisher(options.Logs, channel, log);
        await using var sessions = new TaskSessionServer(options.Containers, manager, options.Tls, log);
        await using var mesh = new MeshFeed(options.DataPlane, log, v => SendAsync(
            call, new SessionRequest { MeshApplied = new MeshApplied { Version = v } }));
        Task heartbeats = Task.CompletedTask;
        Task statuses = Task.CompletedTask;
        end.CancelAfter(WelcomeTimeout);
        try
        {
            await foreach (var message in call.ReadAllAsync(end.Token).ConfigureAwait(false))
            {
                if (message.KindCase == SessionResponse.KindOneofCase.Welcome)
                {
                    await WelcomeAsync(manager, message.Welcome, end.Token).ConfigureAwait(false);
                    end.CancelAfter(_pace.Period * SilentPeriods);
                    var wake = state.SessionOpened();
                    fleet.ReportAll();
                    heartbeats = GuardAsync(HeartbeatsAsync(call, end.Token), end);
                    statuses = GuardAsync(StatusesAsync(call, wake, end.Token), end);
                    continue;
                }

                Take(message, mesh, logs, sessions);
                end.CancelAfter(_pace.Period * SilentPeriods);
            }
        }
        finally
        {
            await end.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(heartbeats, statuses).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task WelcomeAsync(string manager, Welcome welcome, CancellationToken ct)
    {
        CheckEpoch(manager, welcome.Epoch);
        _pace.Period = SpecDefaults.FromNs(welcome.HeartbeatPeriodNs);
        await options.DataPlane.SetUpAsync(welcome.NodeSubnet, welcome.AddressPool, ct).ConfigureAwait(false);
        options.Managers.Replace(welcome.Managers.Addresses);
        options.OnRole(welcome.Role);
        WasOpen = true;
        log.SessionOpen(manager, welcome.NodeId, welcome.NodeSubnet);
    }

    /// <summary>
    /// A swarm that began anew has one manager more who says so: what an older one wants is of the past (R30).
    /// </summary>
    private void CheckEpoch(string manager, ulong epoch)
    {
        var seen = options.Epoch();
        if (epoch < seen)
        {
            throw new RpcException(
                RpcStatusCode.FailedPrecondition,
                $"manager {manager} is of epoch {epoch} of the swarm, and this node has seen epoch {seen}: it is not "
                + "followed; take it out of service, let it leave the swarm and join again");
        }

        if (epoch > seen)
        {
            options.OnNewEpoch(epoch);
            log.Note($"the swarm began anew: epoch {epoch}, this node had seen {seen}");
        }
    }

    private void Take(
        SessionResponse message, MeshFeed mesh, LogPublisher logs, TaskSessionServer sessions)
    {
        switch (message.KindCase)
        {
            case SessionResponse.KindOneofCase.Heartbeat:
                _pace.Period = SpecDefaults.FromNs(message.Heartbeat.HeartbeatPeriodNs);
                break;
            case SessionResponse.KindOneofCase.StatusAccepted:
                state.BatchAccepted(message.StatusAccepted.Sequence);
                break;
            case SessionResponse.KindOneofCase.Assignments:
                fleet.Take(message.Assignments);
                break;
            case SessionResponse.KindOneofCase.Payloads:
                fleet.Take(message.Payloads);
                break;
            case SessionResponse.KindOneofCase.Mesh:
                mesh.Add(message.Mesh);
                break;
            case SessionResponse.KindOneofCase.Peers:
                mesh.Add(message.Peers);
                break;
            case SessionResponse.KindOneofCase.Logs:
                logs.Take(message.Logs);
                break;
            case SessionResponse.KindOneofCase.TaskSession:
                sessions.Take(message.TaskSession);
                break;
            case SessionResponse.KindOneofCase.Managers:
                options.Managers.Replace(message.Managers.Addresses);
                break;
            case SessionResponse.KindOneofCase.Role:
                options.OnRole(message.Role.Role);
                break;
            default:
                log.Note($"a newer manager sent a message of kind {message.KindCase}, which this version ignores");
                break;
        }
    }

    private async Task HeartbeatsAsync(DuplexCall<SessionRequest, SessionResponse> call, CancellationToken ct)
    {
        while (true)
        {
            var last = Stopwatch.GetTimestamp();
            while (_pace.WaitAfter(Stopwatch.GetElapsedTime(last)) is { } wait)
            {
                await Task.Delay(wait, ct).ConfigureAwait(false);
            }

            await SendAsync(call, new SessionRequest { Heartbeat = new Heartbeat() }).ConfigureAwait(false);
        }
    }

    private async Task StatusesAsync(
        DuplexCall<SessionRequest, SessionResponse> call, ChannelReader<bool> wake, CancellationToken ct)
    {
        while (await wake.WaitToReadAsync(ct).ConfigureAwait(false))
        {
            wake.TryRead(out _);
            if (state.NextBatch() is { } batch)
            {
                await SendAsync(call, new SessionRequest { Status = batch }).ConfigureAwait(false);
            }
        }
    }

    private async Task SendAsync(DuplexCall<SessionRequest, SessionResponse> call, SessionRequest message)
    {
        await _writing.WaitAsync().ConfigureAwait(false);
        try
        {
            await call.WriteAsync(message).ConfigureAwait(false);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>A pump that fails ends the session; the reader reports why.</summary>
    private async Task GuardAsync(Task pump, CancellationTokenSource end)
    {
        try
        {
            await pump.ConfigureAwait(false);
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException or IOException)
        {
            log.Note($"session pump ended: {e.Message}");
            await end.CancelAsync().ConfigureAwait(false);
        }
    }
}
