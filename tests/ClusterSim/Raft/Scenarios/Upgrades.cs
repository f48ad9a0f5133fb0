using Google.Protobuf;
using Swarm.Manager;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Raft;
using Swarm.Store;

namespace Swarm.ClusterSim.Raft;

/// <summary>
/// Managers of two versions: some read only the first format of entries and snapshots. They are upgraded one after the
/// other, and the leader raises the format when all read the new one (F1).
/// </summary>
internal sealed class Upgrades : Scripted
{
    public override Plan MakePlan(Dice dice) => new()
    {
        Members = dice.Pick([3, 3, 5]), Clients = 3, ThinkMs = 80, SafetyMs = 12_000, RestartMs = 600,
        SnapshotEveryEntries = dice.Pick([15, 60]), KeepEntries = 10, RetryUnknown = false,
    };

    protected override IEnumerable<Pause> Script(World world)
    {
        foreach (var member in world.Present)
        {
            member.Reads = world.Dice.OneIn(3) ? StoreFormat.Newest : StoreFormat.First;
            if (member.Reads < StoreFormat.Newest)
                world.Coverage.Count("older program");
        }
        world.ClientsRest = true;
        while (world.Checks.Log.State.Cluster is null)
        {
            yield return Leader(world);
            Propose(world, new StoreAction.SetCluster(FirstCluster()));
            yield return 300;
        }
        world.ClientsRest = false;
        world.Chaos.Every(400, () => Tell(world));
        world.Chaos.Every(300, () => Raise(world));
        world.Chaos.Every(2_500, world.Chaos.Machines.Crash);
        world.Chaos.Every(3_000, () => world.Chaos.Network.AnyCut(800));
        while (true)
        {
            yield return world.Dice.Between(300, 2_500);
            var old = world.Present.Where(m => m.Reads < StoreFormat.Newest).ToArray();
            if (old.Length > 0)
                Upgrade(world, world.Dice.Pick(old));
            else if (world.Present.Count() < 6)
                Admit(world);
        }
    }

    private static void Upgrade(World world, SimMember member)
    {
        world.Coverage.Count("program upgraded");
        if (member.IsUp)
            member.Crash(power: false);
        member.Reads = StoreFormat.Newest;
    }

    /// <summary>A manager of any version that reads what is written now.</summary>
    private static void Admit(World world)
    {
        var member = world.NewMember();
        member.Reads = Math.Max(
            world.Checks.Log.State.Format, world.Dice.OneIn(2) ? StoreFormat.First : StoreFormat.Newest);
        world.Operator.Add(member);
    }

    /// <summary>Managers describe themselves, as they do when they open a session.</summary>
    private static void Tell(World world)
    {
        var state = world.Checks.Log.State;
        foreach (var member in world.Present.Where(m => m.IsUp))
        {
            var id = new NodeId(member.Self.NodeId);
            var description = new NodeDescription { Hostname = id.Value, StoreFormat = member.Reads };
            var node = state.Nodes.Get(id);
            if (node is null)
                Propose(world, new StoreAction.CreateNode(new NodeRecord
                {
                    Id = id, CreatedAt = default, Spec = new NodeSpec(), Role = NodeRole.Manager,
                    Description = description,
                }));
            else if (!description.Equals(node.Description))
                Propose(world, new StoreAction.SetNodeDescription(id, description));
        }
    }

    /// <summary>What the leader's format gate does.</summary>
    private static void Raise(World world)
    {
        if (world.Operator.IsBusy || ReadyLeader(world)?.Process is not { } process)
            return;
        var state = process.Store.State;
        var managers = process.Core.Configuration.Members.Select(m => new NodeId(m.NodeId));
        var common = FormatRules.Common(state, managers);
        if (state.Cluster is not { } cluster || common <= state.Format)
            return;
        world.Coverage.Count("format raised");
        if (Propose(world, new StoreAction.SetCluster(cluster with { FormatVersion = common })) is { } raised)
            world.Operator.FormatRise = (process, raised);
    }

    private static Task? Propose(World world, StoreAction action)
    {
        if (ReadyLeader(world) is not { } leader)
            return null;
        var entry = FormatRules.Fit(
            StoreEntry.Of(leader.Clock.GetUtcNow(), action), leader.Process!.Store.State);
        var request = new ProposalRequest(EntryCodec.Encode(entry), null);
        leader.Submit(request, request.Result, () => { });
        return request.Result;
    }

    private static ClusterRecord FirstCluster() => new()
    {
        Id = new ClusterId("sim"), CreatedAt = default, Spec = new ClusterSpec(), RootCertificatePem = "none",
        RootKeyPem = "none", WorkerTokenSecret = [1], ManagerTokenSecret = [2],
    };
}
