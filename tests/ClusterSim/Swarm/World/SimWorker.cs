using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Worker.Core;
using TaskStatus = Swarm.Protocol.V1.TaskStatus;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>One node: the worker's own core, with simulated containers and a daemon that can end.</summary>
internal sealed class SimWorker(World world, NodeId id, NodeDescription description)
{
    private const int SilentPeriods = 4;

    private readonly Dictionary<TaskId, SimContainer> _containers = [];
    private readonly Dictionary<TaskId, SimRunner> _runners = [];
    private AssignmentSet _assignments = new();
    private StatusQueue _queue = new();
    private SimSession? _session;
    private SimSession? _opening;
    private TimeSpan _period = TimeSpan.FromSeconds(1);
    private long _life;
    private int _addresses;
    private long _sinceUs;

    public NodeId Id { get; } = id;

    public NodeDescription Description { get; set; } = description;

    public MeshTable Mesh { get; } = new();

    /// <summary>The daemon runs.</summary>
    public bool IsUp { get; private set; }

    /// <summary>Its link to the managers works.</summary>
    public bool IsLinked { get; private set; } = true;

    public bool IsReachable => IsUp && IsLinked;

    public IReadOnlyDictionary<TaskId, SimContainer> Containers => _containers;

    /// <summary>How long it has had its session; 0 without one.</summary>
    public long SteadyForUs => _session is null ? 0 : world.Time.NowUs - _sinceUs;

    /// <summary>How long it has had none; 0 with one.</summary>
    public long SilentForUs => _session is not null ? 0 : world.Time.NowUs - _sinceUs;

    /// <summary>When a manager heard of it.</summary>
    public Hearing Heard { get; } = new(world.Time);

    public SimContainer? ContainerOf(TaskId task) => _containers.GetValueOrDefault(task);

    // What happens to it.

    public void StartDaemon()
    {
        if (IsUp)
            return;
        IsUp = true;
        (_assignments, _queue) = (new AssignmentSet(), new StatusQueue());
        Dial(++_life);
    }

    public void StopDaemon()
    {
        if (!IsUp)
            return;
        IsUp = false;
        _life++;
        BreakSessions(world.Dice.Between(0, 1_000) * Timeline.UsPerMs);
        foreach (var runner in _runners.Values)
            runner.Abandon();
        _runners.Clear();
    }

    /// <summary>The host loses its power: containers are gone without a trace.</summary>
    public void LosePower()
    {
        StopDaemon();
        world.PowerCut(this);
        foreach (var container in _containers.Values.Where(c => c.IsRunning).OrderBy(c => c.Task).ToList())
            world.ContainerEnded(this, container, ordered: false);
        _containers.Clear();
        Mesh.Clear();
    }

    public void Link(bool works)
    {
        if (IsLinked == works)
            return;
        IsLinked = works;
        if (!works)
            BreakSessions(world.Dice.Between(0, 6_000) * Timeline.UsPerMs);
    }

    /// <summary>Streams to a leader that crashed break soon, to one that was cut off later.</summary>
    public void LeaderLost() => world.Time.After(world.Dice.Between(0, 2_000) * Timeline.UsPerMs, () =>
    {
        foreach (var session in new[] { _session, _opening })
        {
            if (session is not null && session.Leader != world.Leader)
                session.Break();
        }
    });

    // The session.

    public void SessionEnded(SimSession session)
    {
        if (_session != session && _opening != session)
            return;
        if (_session is not null)
            _sinceUs = world.Time.NowUs;
        (_session, _opening) = (null, null);
        _queue.SessionLost();
        if (IsUp)
            Dial(_life);
    }

    public void Take(SimSession session, SessionResponse message)
    {
        if (_session != session && _opening != session)
            return;
        session.HeardUs = world.Time.NowUs;
        switch (message.KindCase)
        {
            case SessionResponse.KindOneofCase.Welcome:
                Welcomed(session, message.Welcome);
                break;
            case SessionResponse.KindOneofCase.Heartbeat:
                _period = SpecDefaults.FromNs(message.Heartbeat.HeartbeatPeriodNs);
                break;
            case SessionResponse.KindOneofCase.StatusAccepted:
                _queue.Accepted(message.StatusAccepted.Sequence);
                SendStatus();
                break;
            case SessionResponse.KindOneofCase.Assignments:
                Take(message.Assignments);
                break;
            case SessionResponse.KindOneofCase.Mesh:
                var version = Mesh.Take(message.Mesh);
                world.Time.After(world.Dice.Between(1, 20) * Timeline.UsPerMs, () =>
                    session.Up(leader => leader.MeshApplied(session, version)));
                break;
        }
    }

    // What runners do.

    public void Report(TaskId task, TaskStatus status)
    {
        _queue.Add(task, status);
        SendStatus();
    }

    public void Create(TaskId task, AssignedTask assigned) =>
        _containers.TryAdd(task, new SimContainer(task, assigned) { Address = $"{Id}/{++_addresses}" });

    public void Prepared(TaskId task)
    {
        if (_containers.TryGetValue(task, out var container))
            container.State = TaskState.Ready;
    }

    public void Start(TaskId task)
    {
        if (!_containers.TryGetValue(task, out var container) || container.IsRunning)
            return;
        container.State = TaskState.Running;
        world.ContainerStarted(this, container);
        if (SimImage.Of(container.Assigned).End(world.Dice) is { } end)
            world.Time.After(end.AfterUs, () => EndByItself(container, end.Code));
    }

    public int Stop(TaskId task)
    {
        if (!_containers.TryGetValue(task, out var container))
            return 0;
        if (container.IsRunning)
            End(container, 143, ordered: true);
        return container.ExitCode ?? 0;
    }

    public void Drop(TaskId task)
    {
        if (_containers.TryGetValue(task, out var container) && container.IsRunning)
            End(container, 137, ordered: true);
        _containers.Remove(task);
    }

    /// <summary>What has ended stays on record until it is removed: a daemon that was away knows of it.</summary>
    public void Release(TaskId task)
    {
        if (_containers.TryGetValue(task, out var container) && container.ExitCode is null)
            _containers.Remove(task);
    }

    public void Removed(SimRunner runner)
    {
        Drop(runner.Id);
        if (_runners.GetValueOrDefault(runner.Id) == runner)
            _runners.Remove(runner.Id);
    }

    private void EndByItself(SimContainer container, int code)
    {
        if (!container.IsRunning || !_containers.ContainsKey(container.Task))
            return;
        End(container, code, ordered: false);
        if (_runners.TryGetValue(container.Task, out var runner))
            runner.Exited();
    }

    private void End(SimContainer container, int code, bool ordered)
    {
        (container.State, container.ExitCode) = (code == 0 ? TaskState.Complete : TaskState.Failed, code);
        world.ContainerEnded(this, container, ordered);
    }

    private void BreakSessions(long leaderLearnsUs)
    {
        _session?.Break(leaderLearnsUs);
        _opening?.Break(leaderLearnsUs);
    }

    private void Dial(long life) => world.Time.After(world.Dice.Between(50, 900) * Timeline.UsPerMs, () =>
    {
        if (life != _life || !IsUp || _session is not null || _opening is not null)
            return;
        if (!IsLinked || world.Leader is not { } leader)
        {
            Dial(life);
            return;
        }
        var session = _opening = new SimSession(world, this, leader);
        var hello = new Hello { Description = Description, NodeAddress = $"10.0.{Id}" };
        session.Up(l => l.Open(session, hello));
        Watch(session);
    });

    private void Welcomed(SimSession session, Welcome welcome)
    {
        (_session, _opening, _sinceUs) = (session, null, world.Time.NowUs);
        _period = SpecDefaults.FromNs(welcome.HeartbeatPeriodNs);
        _queue.SessionLost();
        foreach (var runner in _runners.Values)
            runner.ReportAgain();
        Beat(session);
        SendStatus();
    }

    private void Beat(SimSession session) => world.Time.After((long)_period.TotalMicroseconds, session.OnBeat ??= () =>
    {
        if (_session != session)
            return;
        session.Up(session.Heartbeat ??= leader => leader.Heartbeat(session));
        Beat(session);
    });

    /// <summary>A manager that is silent for too long is given up.</summary>
    private void Watch(SimSession session) => world.Time.After(
        (long)_period.TotalMicroseconds, session.OnWatch ??= () =>
        {
            if (session.IsBroken)
                return;
            if (world.Time.NowUs - session.HeardUs > (long)_period.TotalMicroseconds * SilentPeriods)
                session.Break();
            else
                Watch(session);
        });

    private void SendStatus()
    {
        if (_session is { } session && _queue.Next() is { } batch)
            session.Up(leader => leader.Status(session, batch));
    }

    private void Take(Assignments message)
    {
        foreach (var change in _assignments.Take(message))
        {
            if (_runners.TryGetValue(change.Task, out var known))
                known.Assign(change.Assigned);
            else if (change.Assigned is not null)
                Launch(change.Assigned, unassigned: false);
        }
        if (!message.Complete)
            return;
        var named = message.Tasks.Select(t => new TaskId(t.Id)).ToHashSet();
        foreach (var stray in _containers.Keys
            .Where(t => !named.Contains(t) && !_runners.ContainsKey(t)).Order().ToList())
            Launch(new AssignedTask { Id = stray.Value }, unassigned: true);
    }

    private void Launch(AssignedTask assigned, bool unassigned)
    {
        var runner = new SimRunner(this, world, assigned, unassigned);
        _runners[runner.Id] = runner;
        runner.Go();
    }
}
