using Swarm.RoutingMesh.Core;
using Swarm.RoutingMesh.Netlink;

namespace Swarm.RoutingMesh.Rules;

/// <summary>
/// Keeps the kernel's table equal to the wanted one: small updates, a full one when anything is in doubt.
/// All calls come from the one network thread, so "what the kernel has" is never a guess between two calls.
/// </summary>
internal sealed class MeshProgrammer(
    NodeRules node, INftRunner nft, NetlinkSocket netfilter, Routes routes, Action<string> log)
{
    private const int RememberedGenerations = 1024;
    private const ushort GetTable = (10 << 8) | 1;
    private const ushort TableNameAttribute = 1;
    private const byte InetRules = 1;

    private readonly Queue<uint> _own = new();
    private RoutingTable _wanted = RoutingTable.Empty;
    private RoutingTable? _current;
    private IReadOnlyList<PeerNode> _peers = [];
    private uint _seenGeneration;
    private uint _loadedGeneration;
    private ulong _wantedVersion;
    private ulong _appliedVersion;
    private bool _isBroken;
    private bool _areFlowsInDoubt;

    /// <summary>Version of the last table that the kernel took over.</summary>
    public ulong AppliedVersion => Interlocked.Read(ref _appliedVersion);

    /// <summary>How often the whole table was put back because somebody else had changed it.</summary>
    public int Repairs { get; private set; }

    /// <summary>Leaves a table of an earlier daemon as it is until it is known what belongs in it.</summary>
    public void Start()
    {
        _seenGeneration = RuleEvents.Generation(netfilter);
        if (!TableExists())
            LoadAll();
    }

    /// <summary>Makes the kernel route by this table. Returns what was refused.</summary>
    public IReadOnlyList<RefusedEntry> Apply(MeshTable table)
    {
        var next = RoutingTable.From(table, node);
        (_wanted, _wantedVersion) = (next, table.Version);
        if (_current is { } current && !_isBroken)
            Step(current, next);
        else
            LoadAll();
        Interlocked.Exchange(ref _appliedVersion, _wantedVersion);
        return next.Refused;
    }

    /// <summary>Lets exactly these nodes send to the overlay.</summary>
    public void SetPeers(IReadOnlyList<PeerNode> peers)
    {
        var isTakenOver = _current is null;
        var script = isTakenOver ? RulesText.AllPeers(peers) : RulesText.ChangePeers(_peers, peers);
        _peers = peers;
        if (!TryRun(script) && !isTakenOver)
            LoadAll();
    }

    /// <summary>Looks at transactions that touched our table and repairs it when one of them was not ours.</summary>
    public void Check(IReadOnlyList<uint> touching, bool lost)
    {
        var isForeign = touching.Any(IsForeign)
            || ((lost || touching.Count == 0) && IsInDoubt(lost));
        if (_isBroken || (isForeign && !(_current is null && TableExists())))
            Repair();
        else if (_areFlowsInDoubt)
            ForgetFlows(FlowCleanup.Everything(_wanted, node));
    }

    /// <summary>Removes the table.</summary>
    public void Clear()
    {
        nft.Run(RulesText.Nothing());
        _wanted = RoutingTable.Empty;
        ForgetFlows(FlowCleanup.Everything(RoutingTable.Empty, node));
        _current = null;
    }

    private void Step(RoutingTable current, RoutingTable next)
    {
        if (!TryRun(RulesText.Change(current, next)))
        {
            LoadAll();
            return;
        }

        _current = next;
        ForgetFlows(_areFlowsInDoubt
            ? FlowCleanup.Everything(next, node)
            : FlowCleanup.Between(current, next, node));
    }

    private void LoadAll()
    {
        _isBroken = true;
        _loadedGeneration = Run(RulesText.Full(node, _peers, _wanted));
        _current = _wanted;
        _isBroken = false;
        ForgetFlows(FlowCleanup.Everything(_wanted, node));
    }

    private void Repair()
    {
        try
        {
            LoadAll();
            Interlocked.Exchange(ref _appliedVersion, _wantedVersion);
            Repairs++;
            log("the mesh rules were missing or changed by another program; put back");
        }
        catch (MeshException failure)
        {
            log($"the mesh rules cannot be put back yet: {failure.Message}");
        }
    }

    private bool TryRun(string script)
    {
        try
        {
            Run(script);
            return true;
        }
        catch (MeshException failure)
        {
            log($"an update of the mesh rules failed, loading all of them: {failure.Message}");
            return false;
        }
    }

    /// <summary>Returns the generation up to which the script's effect is sure to be the last word.</summary>
    private uint Run(string script)
    {
        if (script.Length == 0)
            return _loadedGeneration;
        var before = RuleEvents.Generation(netfilter);
        nft.Run(script);
        var after = RuleEvents.Generation(netfilter);
        _seenGeneration = after;

        // One script is one transaction. More than one step means that another program was in between:
        // then none is remembered as ours, and the news about it leads to a repair.
        if (after != before + 1)
            return before;
        _own.Enqueue(after);
        if (_own.Count > RememberedGenerations)
            _own.Dequeue();
        return after;
    }

    /// <summary>What happened before the last full load was replaced by it; the difference survives overflow.</summary>
    private bool IsForeign(uint generation) =>
        (int)(generation - _loadedGeneration) > 0 && !_own.Contains(generation);

    private bool IsInDoubt(bool lost)
    {
        var generation = RuleEvents.Generation(netfilter);
        if (generation == _seenGeneration)
            return false;
        _seenGeneration = generation;
        return lost || !TableExists();
    }

    private bool TableExists()
    {
        var message = new NetlinkMessage(GetTable, NetlinkMessage.Request)
            .Header(new Headers.Netfilter(InetRules, 0, 0)).Text(TableNameAttribute, RulesText.Table);
        var errno = netfilter.TryAsk(message);
        return errno is 0 or Native.NoEntry ? errno == 0 : throw Native.Failure("look up the mesh table", errno);
    }

    private void ForgetFlows(FlowCleanup cleanup)
    {
        if (cleanup.IsNothing)
            return;
        const uint loopback = 127;
        try
        {
            var local = routes.Addresses().Select(entry => Ipv4.ToNumber(entry.Address)).ToHashSet();
            new Conntrack(netfilter).Forget(flow =>
                cleanup.IsStale(flow, address => local.Contains(address) || address >> 24 == loopback));
            _areFlowsInDoubt = false;
        }
        catch (MeshException failure)
        {
            // The rules themselves are in force; the next look at them tries again.
            _areFlowsInDoubt = true;
            log($"UDP flows of former backends stay for now: {failure.Message}");
        }
    }
}
