using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Store;

namespace Swarm.Manager.Tests;

/// <summary>Managers of two versions in one swarm.</summary>
public sealed class FormatTests
{
    private static readonly NodeId New = new("new");
    private static readonly NodeId Old = new("old");

    [Fact]
    public void The_common_format_is_that_of_the_oldest_manager()
    {
        var state = Mixed(oldReads: 0);
        Assert.Equal(StoreFormat.First, FormatRules.Common(state, [New, Old]));
        Assert.Equal(StoreFormat.Newest, FormatRules.Common(state, [New]));
        Assert.Equal(StoreFormat.First, FormatRules.Common(state, [New, new NodeId("nobody knows it yet")]));
        Assert.Equal(StoreFormat.Newest, FormatRules.Common(Mixed(StoreFormat.Newest), [New, Old]));
    }

    [Fact]
    public void Until_all_read_it_commands_go_without_ids_and_newer_things_are_refused()
    {
        var state = Mixed(oldReads: 0);
        var command = StoreEntry.Of(default, new StoreAction.RemoveService(new ServiceId("s"))) with
        {
            Request = new RequestMark(new RequestId(1, 2, 3), 4),
        };
        Assert.Null(FormatRules.Fit(command, state).Request);
        var locked = StoreEntry.Of(default, new StoreAction.SetCluster(state.Cluster! with { AutoLock = true }));
        var refused = Assert.Throws<RpcException>(() => FormatRules.Fit(locked, state));
        Assert.Equal(RpcStatusCode.FailedPrecondition, refused.Code);
        Assert.Contains("upgrade the managers", refused.Message);
        var raise = new StoreAction.SetCluster(state.Cluster! with { FormatVersion = StoreFormat.Newest });
        var raised = state.Apply(FormatRules.Fit(StoreEntry.Of(default, raise), state), state.LastIndex + 1).State;
        Assert.Same(command, FormatRules.Fit(command, raised));
        Assert.Same(locked, FormatRules.Fit(locked, raised));
    }

    [Fact]
    public async Task The_leader_raises_the_format_when_the_last_manager_reads_it()
    {
        await using var one = await OneManager.StartFirstFormatAsync();
        var request = one.Marked(OneManager.Create("web"));
        await one.CallAsync<CreateServiceRequest, CreateServiceResponse>("CreateService", request);
        Assert.Equal((StoreFormat.First, 0), (one.Node.State.Format, one.Node.State.Requests.Count));
        await one.Node.Session!.Proposer.CommandAsync(
            new StoreAction.SetNodeDescription(
                one.Node.NodeId, new NodeDescription { StoreFormat = StoreFormat.Newest }),
            default);
        await OneManager.UntilAsync(() => one.Node.State.Format == StoreFormat.Newest);
        await one.CreateAsync("two");
        Assert.Equal(1, one.Node.State.Requests.Count);
    }

    [Fact]
    public async Task An_older_manager_is_not_taken_into_a_newer_swarm()
    {
        await using var one = await OneManager.StartAsync();
        var joined = false;
        var gate = one.Node.Session!.Formats;
        var refused = await Assert.ThrowsAsync<RpcException>(() => gate.AdmitAsync(
            reads: 0,
            () =>
            {
                joined = true;
                return Task.CompletedTask;
            },
            default));
        Assert.Contains("install the version of the other managers", refused.Message);
        Assert.False(joined);
        await gate.AdmitAsync(StoreFormat.Newest, () => Task.CompletedTask, default);
    }

    private static ClusterState Mixed(uint oldReads)
    {
        var cluster = new ClusterRecord
        {
            Id = new ClusterId("c"),
            CreatedAt = default,
            Spec = new ClusterSpec(),
            RootCertificatePem = "",
            RootKeyPem = "",
            WorkerTokenSecret = [],
            ManagerTokenSecret = [],
        };
        return ClusterState.Empty.Apply(
            new StoreEntry(
                default,
                [new StoreAction.SetCluster(cluster), Manager(New, StoreFormat.Newest), Manager(Old, oldReads)]),
            1).State;
    }

    private static StoreAction Manager(NodeId id, uint reads) => new StoreAction.CreateNode(new NodeRecord
    {
        Id = id,
        CreatedAt = default,
        Spec = new NodeSpec(),
        Role = NodeRole.Manager,
        Description = new NodeDescription { StoreFormat = reads },
    });
}
