using Swarm.Model;
using Swarm.Orchestrator;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>How fast things are, in microseconds.</summary>
internal sealed record WorldOptions
{
    public int CommitMinUs { get; init; } = 1_000;

    public int CommitMaxUs { get; init; } = 15_000;

    public int NetworkMinUs { get; init; } = 200;

    public int NetworkMaxUs { get; init; } = 10_000;
}

/// <summary>A cluster under virtual time: managers that agree on a log, workers, containers, and checkers.</summary>
internal sealed class World
{
    private static readonly DateTimeOffset s_epoch = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly List<Checker> _checkers;
    private long _term;
    private long _unrestUs;
    private long _ids;

    public World(
        ulong seed, TextWriter? lines, WorldOptions? options = null, Func<World, List<Checker>>? checkers = null)
    {
        (Dice, Trace, Options) = (new Dice(seed), new Trace(lines), options ?? new WorldOptions());
        Log = new ReplicatedLog(this);
        _checkers = checkers?.Invoke(this) ?? [];
    }

    public WorldOptions Options { get; }

    public Dice Dice { get; }

    public Timeline Time { get; } = new();

    public Trace Trace { get; }

    public Coverage Coverage { get; } = new();

    public ReplicatedLog Log { get; }

    public ClusterState State => Log.State;

    public Leader? Leader { get; private set; }

    public WorkerBook Workers { get; } = new();

    public IReadOnlyList<Checker> Checkers => _checkers;

    public DateTimeOffset Now => s_epoch.AddMicroseconds(Time.NowUs);

    public long NowNs => (Now - DateTimeOffset.UnixEpoch).Ticks * 100;

    /// <summary>When the last fault or wish of a user happened.</summary>
    public long LastFaultUs { get; private set; }

    public TaskId NewTaskId() => new($"{Dice.Next() >> 40:x6}{_ids++:x}");

    public void Fault(string what)
    {
        LastFaultUs = Time.NowUs;
        Coverage.Count(what);
        if (Trace.IsRead)
            Trace.Line(Time.NowUs, what);
    }

    /// <summary>Another manager leads.</summary>
    public void Elect()
    {
        if (Leader is not null)
            return;
        if (Dice.OneIn(3))
            Log.Reread();
        _unrestUs = Time.NowUs;
        Leader = new Leader(this, ++_term, Dice.Between(-40, 40) * Timeline.UsPerMs);
        Trace.Add(Time.NowUs, 'L', (ulong)_term);
        foreach (var checker in _checkers)
            checker.OnLeader(Leader);
        Leader.Begin();
    }

    /// <summary>The leader is gone, and another is elected in some time.</summary>
    public void LoseLeader(long electionUs)
    {
        if (Leader is null)
            return;
        Log.LoseLeader();
        Leader = null;
        foreach (var worker in Workers.Values)
            worker.LeaderLost();
        Time.After(electionUs, Elect);
    }

    public SimWorker AddNode(NodeId id, NodeDescription description)
    {
        var worker = new SimWorker(this, id, description);
        Workers.Add(worker);
        return worker;
    }

    /// <summary>What a user asks for; false when nobody leads.</summary>
    public bool Ask(StoreAction action, Action<ApplyResult>? done = null)
    {
        if (Leader is not { } leader)
            return false;
        LastFaultUs = Time.NowUs;
        Coverage.Count("user: " + action.GetType().Name);
        if (Trace.IsRead)
            Trace.Line(Time.NowUs, "user " + Describe.Action(action));
        Log.Propose(leader, Origin.User, [action], done ?? (static _ => { }));
        return true;
    }

    public void OnCommitted(Committed committed)
    {
        Trace.Add(Time.NowUs, 'C', committed.Index, (ulong)committed.Entry.Actions.Length);
        foreach (var task in committed.Result.Changes.Tasks)
        {
            var seen = task.After ?? task.Before!;
            Trace.Add(
                Time.NowUs, 'T', StableHash.Of(seen.Id.Value), (ulong)seen.Status.State, (ulong)seen.DesiredState);
        }
        if (Trace.IsRead)
            Describe.Entry(this, committed);
        foreach (var checker in _checkers)
            checker.OnCommitted(committed);
        Leader?.OnCommitted(committed);
    }

    /// <summary>How long there has been one leader with a log that flows.</summary>
    public long CalmForUs => Leader is null ? 0 : Time.NowUs - _unrestUs;

    /// <summary>Begins to look twice a second.</summary>
    public void Watch()
    {
        foreach (var checker in _checkers)
            checker.OnSecond();
        if (Log.StallUs > 0)
            _unrestUs = Time.NowUs;
        Time.After(Timeline.UsPerSecond / 2, Watch);
    }

    public void OnPlanned(Leader leader, ClusterState state, Plan plan)
    {
        foreach (var checker in _checkers)
            checker.OnPlanned(leader, state, plan);
    }

    public void PowerCut(SimWorker worker)
    {
        foreach (var checker in _checkers)
            checker.OnPowerCut(worker);
    }

    public void ContainerStarted(SimWorker worker, SimContainer container)
    {
        Coverage.Count("containers started");
        if (Trace.IsRead)
            Trace.Line(Time.NowUs, $"{worker.Id}: {container.Task} starts");
        foreach (var checker in _checkers)
            checker.OnStarted(worker, container);
    }

    public void ContainerEnded(SimWorker worker, SimContainer container, bool ordered)
    {
        if (Trace.IsRead)
            Trace.Line(Time.NowUs, $"{worker.Id}: {container.Task} ends {(ordered ? "as told" : "by itself")}");
        foreach (var checker in _checkers)
            checker.OnEnded(worker, container, ordered);
    }
}
