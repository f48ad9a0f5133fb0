using Swarm.Histories;
using Swarm.Raft;
using Swarm.Raft.Storage;
using Swarm.Store;

namespace Swarm.ClusterSim.Raft;

/// <summary>
/// One run: managers, clients and an operator in one thread under virtual time. First a safety phase in which a
/// scenario lets things go wrong, then a liveness phase in which everything is healed and progress is demanded. All
/// chance comes from one seed.
/// </summary>
internal sealed class World
{
    private readonly Dictionary<string, SimMember> _byAddress = new(StringComparer.Ordinal);
    private ulong _lastId;
    private long _lastClient;

    public World(ulong seed, Trace trace, Func<Dice, Scenario> draw)
    {
        (Trace, Dice) = (trace, new Dice(seed));
        Scenario = draw(Dice);
        Plan = Scenario.MakePlan(Dice);
        Network = new SimNetwork(Dice, Timeline, Coverage);
        Checks = new Checks(this, 0, ClusterState.Empty);
        Chaos = new Chaos(this);
        Operator = new Operator(this);
        Clients = [];
    }

    public Trace Trace { get; }

    public Dice Dice { get; }

    public Timeline Timeline { get; } = new();

    public Coverage Coverage { get; } = new();

    public Scenario Scenario { get; }

    public Plan Plan { get; }

    public SimNetwork Network { get; }

    /// <summary>Of the cluster that counts; an old one that it began from has its own.</summary>
    public Checks Checks { get; private set; }

    public Chaos Chaos { get; }

    public Operator Operator { get; }

    public IReadOnlyList<SimClient> Clients { get; private set; }

    /// <summary>All that ever were, by id.</summary>
    public SortedDictionary<RaftId, SimMember> Members { get; } = [];

    /// <summary>Members that are not gone for ever.</summary>
    public IEnumerable<SimMember> Present =>
        Members.Values.Where(m => m.LostAtUs is null && m.Checks == Checks);

    /// <summary>Things still go wrong.</summary>
    public bool IsStormy { get; private set; } = true;

    /// <summary>Clients start nothing new.</summary>
    public bool ClientsRest { get; set; }

    /// <summary>Clients ask until they are answered.</summary>
    public bool ClientsArePatient { get; set; }

    /// <summary>Null when no invariant broke.</summary>
    public ViolationException? Run()
    {
        try
        {
            Bootstrap();
            StartClients();
            new SimWatcher(this).Start();
            Operator.Start();
            Scenario.Begin(this);
            Timeline.RunTo(Plan.SafetyMs * Timeline.UsPerMs);
            Scenario.End(this);
            Calm();
            new Liveness(this).Demand();
            Checks.AtEnd();
            return null;
        }
        catch (ViolationException e)
        {
            return e;
        }
        catch (Exception e) when (e is RaftInvariantException or StorageCorruptException or StorageRefusedException
            or StateDivergedException or InvalidDataException or Model.InvariantException)
        {
            return new ViolationException("P", $"the product stops itself: {e.Message}");
        }
    }

    /// <summary>
    /// A new cluster begins with a state: nothing of the old one counts any more, clients begin anew.
    /// </summary>
    public void BeginAnew(ulong index, ClusterState state)
    {
        Checks = new Checks(this, index, state);
        foreach (var client in Clients)
            client.Retire();
        foreach (var key in Plan.Objects)
        {
            if (StoreOps.Read(state, key).Value is { } value)
                Checks.S8.Add(new(
                    0, Timeline.NowUs, Timeline.NowUs, key, OperationKind.Write, value, Operation.Ok,
                    OperationOutcome.Known));
        }
        StartClients();
        new SimWatcher(this).Start();
    }

    public SimMember? Find(RaftId id) => Members.GetValueOrDefault(id);

    /// <summary>The member that believes to lead the highest term.</summary>
    public SimMember? Leader() => Present
        .Where(m => m.Process?.Core.Role == RaftRole.Leader)
        .MaxBy(m => m.Process!.Core.Term);

    public SimMember AnyMember() => Dice.Pick([.. Present]);

    /// <summary>A new member at a new address, or in the place of one that is gone. It does not run yet.</summary>
    public SimMember NewMember(string? address = null, string clusterId = "", RaftId again = default)
    {
        var id = again == default ? new RaftId(++_lastId) : again;
        var member = new SimMember(this, new RaftMember(id, address ?? $"m{id}", true, NodeIdOf(id)))
        {
            ClusterId = clusterId.Length > 0 ? clusterId : ClusterId,
        };
        Members[id] = member;
        _byAddress[member.Self.Address] = member;
        return member;
    }

    /// <summary>Of the messages of the cluster that counts.</summary>
    public string ClusterId { get; set; } = "sim";

    public static string NodeIdOf(RaftId id) => $"manager-{id}";

    public void Send(SimMember from, RaftMember to, RaftMessage message, long atUs)
    {
        var bytes = RaftMessageCodec.Encode(message);
        from.Checks.OnSend(from, message, bytes.Length);
        Trace.Add(atUs, 'M', from.Id.Value, to.Id.Value, (ulong)bytes.Length);
        if (Trace.IsRead)
            Trace.Line(atUs, Describe.Message(message));
        if (!_byAddress.TryGetValue(to.Address, out var target))
            return;
        Network.Send(
            atUs, message, target.Id, bytes.Length, () => target.Receive(RaftMessageCodec.Decode(bytes)));
        if (Network.Mangle?.Invoke(message) is { } strange)
            Network.Send(atUs, strange, target.Id, bytes.Length, () => target.Receive(strange));
    }

    /// <summary>A process ended. In the product systemd starts it again.</summary>
    public void OnDown(SimMember member)
    {
        if (!Plan.Scripted || !IsStormy)
            RestartLater(member, IsStormy ? Dice.Below(Plan.RestartMs) : 100);
    }

    public void RestartLater(SimMember member, int ms) => Timeline.After(ms * Timeline.UsPerMs, () =>
    {
        if (!member.IsUp && member.LostAtUs is null && !member.TryStart() && member.LostAtUs is null)
            Trace.Line(Timeline.NowUs, $"{member.Id} could not start");
    });

    /// <summary>True when every configuration that anybody knows keeps a quorum without this member.</summary>
    public bool CanLose(SimMember victim)
    {
        foreach (var knower in Members.Values)
        {
            if (knower.LostAtUs < Timeline.NowUs - (10 * Timeline.UsPerSecond))
                continue;
            var c = knower.Known;
            var alive = c.Members.Count(m =>
                !m.Learner && m.Id != victim.Id && Find(m.Id) is { LostAtUs: null, Damaged: false });
            if (c.VoterCount > 0 && alive < c.Quorum)
                return false;
        }
        return !Operator.IsRemoving;
    }

    private void StartClients()
    {
        Clients =
        [
            .. Enumerable.Range(0, Plan.Clients + Plan.Readers)
                .Select(i => new SimClient(this, ++_lastClient, isReader: i >= Plan.Clients)),
        ];
        foreach (var client in Clients)
            client.Start();
    }

    private void Bootstrap()
    {
        var all = Enumerable.Range(0, Plan.Members).Select(_ => NewMember()).ToArray();
        var configuration = new RaftConfiguration([.. all.Select(m => m.Self with { Learner = false })], []);
        foreach (var member in all)
            MemberProcess.Bootstrap(this, member, configuration);
        foreach (var member in all)
            member.TryStart();
    }

    private void Calm()
    {
        IsStormy = false;
        Chaos.Stop();
        Network.Heal();
        (Network.LossPerThousand, Network.DuplicatePerThousand, Network.LatePerThousand) = (0, 0, 0);
        (Network.MaxDelayUs, Network.ReorderPerThousand) = (1_000, 20);
        Trace.Line(Timeline.NowUs, "calm");
        foreach (var member in Present)
        {
            member.Disk.Repair();
            member.Clock.Drift(1_000_000);
            member.Resume();
            if (!member.IsUp)
                RestartLater(member, Dice.Below(500));
        }
    }
}
