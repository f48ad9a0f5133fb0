using FsCheck;
using FsCheck.Fluent;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Store.Tests;

/// <summary>An update succeeds if and only if the version is the one that is stored (invariants S10).</summary>
public sealed class CompareAndSetTests
{
    private static readonly ServiceId Service = new("s");
    private static readonly NodeId Node = new("n");

    [Fact]
    public void Of_many_that_saw_the_same_version_one_wins() => Prop.ForAll<byte, byte>((many, kind) =>
    {
        var log = Start();
        var seen = VersionOf(log.State, kind);
        var results = Enumerable.Range(0, (many % 20) + 2)
            .Select(i => (Before: log.State, Result: log.Apply(Update(kind, seen, i)))).ToList();
        Assert.True(results[0].Result.Outcomes[0].IsApplied);
        Assert.All(results.Skip(1), loser =>
        {
            var outcome = loser.Result.Outcomes[0];
            Assert.Equal(RefusalKind.Conflict, outcome.Kind);
            Assert.Equal(VersionOf(log.State, kind), outcome.CurrentVersion);
            Assert.Contains($"version {outcome.CurrentVersion} is stored", outcome.Message);
            Assert.Equal(loser.Before.Hash128, loser.Result.State.Hash128);
            Assert.True(loser.Result.Changes.IsEmpty);
        });
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_refused_action_leaves_no_trace_and_versions_only_grow() => Prop.ForAll(RandomLog.Seeds, seed =>
    {
        var random = new RandomLog(seed);
        var state = ClusterState.Empty;
        for (var index = 1UL; index <= 150; index++)
        {
            var entry = random.Next(state);
            var result = state.Apply(entry, index);
            if (result.Outcomes.All(o => !o.IsApplied))
            {
                Assert.True(result.Changes.IsEmpty);
                Assert.Equal(WithoutCommands(state).Hash128, WithoutCommands(result.State).Hash128);
            }

            Grew(state, result, index);
            state = result.State;
        }
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(100));

    [Theory]
    [InlineData(0UL, true)]
    [InlineData(1UL, true)]
    [InlineData(2UL, false)]
    public void Zero_is_any_version(ulong version, bool applied)
    {
        for (byte kind = 0; kind < Kinds; kind++)
        {
            var outcome = Start().Do(Update(kind, version, 1));
            Assert.Equal(applied, outcome.IsApplied);
        }
    }

    [Fact]
    public void Names_of_services_are_unique_and_hostnames_need_not_be() => Prop.ForAll(RandomLog.Seeds, seed =>
    {
        var random = new RandomLog(seed);
        var state = ClusterState.Empty;
        for (var index = 1UL; index <= 100; index++)
        {
            state = state.Apply(random.Next(state), index).State;
            var named = state.Services.Values.Where(s => !s.Removing).ToList();
            Assert.Equal(named.Count, named.Select(s => s.Spec.Name.ToUpperInvariant()).Distinct().Count());
            Assert.All(named, s => Assert.Equal(s.Id, state.FindService(s.Spec.Name)!.Id));
            Assert.All(state.Nodes.Values, n => Assert.Contains(n, state.FindNodes(n.Hostname)));
        }
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(100));

    private const byte Kinds = 6;

    private static Log Start()
    {
        var log = new Log();
        log.Must(
            new StoreAction.SetCluster(Golden.Cluster()),
            new StoreAction.CreateService(Service, Log.Spec("web")),
            new StoreAction.CreateNode(Log.Node("n")));
        return log;
    }

    private static ulong VersionOf(ClusterState state, byte kind) => (kind % Kinds) switch
    {
        0 => state.Cluster!.Version,
        1 => state.Nodes[Node].Version,
        _ => state.Services[Service].Version,
    };

    private static StoreAction Update(byte kind, ulong seen, int which) => (kind % Kinds) switch
    {
        0 => new StoreAction.SetCluster(Golden.Cluster() with { Version = seen, RootKeyPem = $"key{which}" }),
        1 => new StoreAction.UpdateNodeSpec(Node, seen, new NodeSpec { Labels = { ["k"] = $"{which}" } }),
        2 => new StoreAction.SetUpdateStatus(
            Service, seen, new UpdateStatusRecord(UpdateStatus.Types.State.Updating, default, null, $"{which}")),
        3 => new StoreAction.SetServicePorts(Service, seen, [new PortConfig { TargetPort = (uint)which + 1 }]),
        _ => new StoreAction.UpdateServiceSpec(Service, seen, Log.Spec("web", $"web:{which + 2}")),
    };

    /// <summary>Apart from the commands, whose refusals are remembered and whose oldest go with time.</summary>
    private static ClusterState WithoutCommands(ClusterState state) =>
        state with { Requests = RecentRequests.None };

    private static void Grew(ClusterState before, ApplyResult result, ulong index)
    {
        foreach (var (old, now) in result.Changes.Services)
        {
            // Forgetting a spec that no task uses any more is nobody's change.
            Assert.True(now is null || now.Version == index || old!.KeptSpecs.Count != now.KeptSpecs.Count);
            Assert.True(old is null || now is null || now.Version >= old.Version);
        }

        Assert.All(result.Changes.Nodes, c => Assert.True(c.After is null || c.After.Version == index));
        Assert.All(result.Changes.Tasks, c => Assert.True(c.After is null || c.After.Version == index));
        Assert.True(before.LastIndex < index && result.State.LastIndex == index);
    }
}
