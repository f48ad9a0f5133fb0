using Swarm.Manager.Core;
using Swarm.Model;
using Swarm.Orchestrator;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>
/// One leadership: planner and dispatcher with the loops around them, as the manager's leader session has them, under
/// virtual time. Ends as a whole.
/// </summary>
internal sealed class Leader
{
    private const long TickUs = 100 * Timeline.UsPerMs;
    private const long PlanDelayUs = 2 * Timeline.UsPerMs;
    private const int MaxStatusActions = 5_000;

    private readonly World _world;
    private readonly long _skewUs;
    private readonly DispatcherCore _core;
    private readonly Planner _planner = new();
    private readonly Dictionary<SessionNumber, SimSession> _sessions = [];
    private readonly Queue<(IReadOnlyList<StoreAction> Actions, Action Done)> _reports = new();
    private bool _committing;
    private bool _planning;
    private long _wake;

    public Leader(World world, long term, long skewUs)
    {
        _world = world;
        Term = term;
        _skewUs = skewUs;
        _core = new DispatcherCore(world.State, Now);
    }

    public long Term { get; }

    /// <summary>This manager's clock.</summary>
    public DateTimeOffset Now => _world.Now.AddMicroseconds(_skewUs);

    public DispatcherCore Dispatcher => _core;

    private bool Leads => _world.Leader == this;

    public void Begin()
    {
        Tick();
        Wake();
    }

    /// <summary>The log moved on.</summary>
    public void OnCommitted(Committed committed)
    {
        _core.OnState(committed.After, committed.Result.Changes, Now);
        Flush();
        Wake();
    }

    /// <summary>A node's hello arrived.</summary>
    public void Open(SimSession session, Hello hello)
    {
        if (_world.State.Nodes.Get(session.Worker.Id) is null)
        {
            session.Down(null);
            return;
        }
        session.Number = _core.Open(session.Worker.Id, hello, ["m1:2377"], Now);
        _sessions[session.Number] = session;
        Flush();
    }

    public void Heartbeat(SimSession session)
    {
        _core.Heartbeat(session.Number, Now);
        Flush();
    }

    public void MeshApplied(SimSession session, ulong version)
    {
        _core.MeshApplied(session.Number, version, Now);
        Flush();
    }

    public void Status(SimSession session, StatusBatch batch)
    {
        var actions = _core.Reports(session.Number, batch, Now);
        Report(actions, () =>
        {
            _core.BatchAccepted(session.Number, batch.Sequence);
            Flush();
        });
        Flush();
    }

    public void Closed(SimSession session)
    {
        if (_sessions.Remove(session.Number))
            _core.Closed(session.Number, Now);
        Flush();
    }

    private void Tick()
    {
        if (!Leads)
            return;
        _core.Tick(Now);
        Flush();
        _world.Time.After(TickUs, Tick);
    }

    private void Flush()
    {
        foreach (var output in _core.TakeOutput())
        {
            if (!_sessions.TryGetValue(output.Session, out var session))
                continue;
            if (output.Message is null)
                _sessions.Remove(output.Session);
            session.Down(output.Message);
        }
        var actions = _core.TakeActions();
        if (actions.Count > 0)
            Report(actions, static () => { });
    }

    /// <summary>What nodes reported goes into the log, whatever came in meanwhile in one entry.</summary>
    private void Report(IReadOnlyList<StoreAction> actions, Action done)
    {
        _reports.Enqueue((actions, done));
        CommitReports();
    }

    private void CommitReports()
    {
        if (_committing || _reports.Count == 0 || !Leads)
            return;
        var actions = new List<StoreAction>();
        var dones = new List<Action>();
        while (_reports.Count > 0 && actions.Count < MaxStatusActions)
        {
            var next = _reports.Dequeue();
            actions.AddRange(next.Actions);
            dones.Add(next.Done);
        }
        if (actions.Count == 0)
        {
            dones.ForEach(done => done());
            return;
        }
        _committing = true;
        _world.Log.Propose(this, Origin.Dispatcher, [.. actions], _ =>
        {
            _committing = false;
            dones.ForEach(done => done());
            CommitReports();
        });
    }

    private void Wake()
    {
        if (_planning)
            return;
        _planning = true;
        _wake++;
        _world.Time.After(PlanDelayUs, Plan);
    }

    private void Plan()
    {
        _planning = false;
        if (!Leads)
            return;
        var state = _world.State;
        var plan = _planner.Plan(state, Now, _world.NewTaskId);
        _world.OnPlanned(this, state, plan);
        if (!plan.IsEmpty)
        {
            _planning = true;
            _world.Log.Propose(this, Origin.Planner, plan.Actions, _ =>
            {
                _planning = false;
                Wake();
            }, plan.PlannedOn);
            return;
        }
        if (plan.WakeAt is { } at)
        {
            var wake = ++_wake;
            _world.Time.After(Math.Max(0, (long)(at - Now).TotalMicroseconds + 1), () =>
            {
                if (wake == _wake && Leads)
                    Wake();
            });
        }
    }
}
