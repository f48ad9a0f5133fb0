using Swarm.Manager.Core;
using Swarm.Manager.Tests.Backup;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Manager.Tests.Core;

public sealed class NewEpochTests
{
    private static readonly DateTimeOffset Later = States.At.AddHours(1);

    [Fact]
    public void The_epoch_grows_and_tokens_change_and_the_authority_stays()
    {
        var before = States.Small();
        var cluster = Begin(before, "m1", observe: false).State.Cluster!;
        Assert.Equal((ulong)Later.ToUnixTimeSeconds(), cluster.Epoch);
        Assert.False(cluster.Observe);
        Assert.Equal(new byte[] { 7, 7 }, cluster.WorkerTokenSecret);
        Assert.Equal(new byte[] { 8, 8 }, cluster.ManagerTokenSecret);
        Assert.Equal(before.Cluster!.Id, cluster.Id);
        Assert.Equal(before.Cluster.RootKeyPem, cluster.RootKeyPem);
    }

    [Fact]
    public void Other_managers_are_members_no_more_and_workers_stay()
    {
        var next = Begin(States.Small(), "m1", observe: false);
        Assert.Equal(["m1", "w1"], next.State.Nodes.Keys.Select(n => n.Value).Order());
        Assert.Equal(["m2", "m3"], next.Removed.Select(n => n.Id.Value));
    }

    [Fact]
    public void Tasks_of_managers_that_are_gone_are_orphaned_and_the_others_are_untouched()
    {
        var before = States.Small();
        var after = Begin(before, "m1", observe: false).State;
        Assert.Equal(TaskState.Orphaned, after.Tasks[States.Task(2)].Status.State);
        Assert.Same(before.Tasks[States.Task(1)], after.Tasks[States.Task(1)]);
        Assert.Same(before.Tasks[States.Task(3)], after.Tasks[States.Task(3)]);
    }

    [Fact]
    public void A_new_manager_has_a_subnet_that_nobody_had()
    {
        var before = States.Small();
        var after = Begin(before, "new", observe: true).State;
        Assert.Equal(["new", "w1"], after.Nodes.Keys.Select(n => n.Value).Order());
        var self = after.Nodes[new NodeId("new")];
        Assert.Equal(NodeRole.Manager, self.Role);
        Assert.DoesNotContain(self.NetworkIndex, before.Nodes.Values.Select(n => n.NetworkIndex));
        Assert.True(after.Cluster!.Observe);
    }

    [Fact]
    public void A_worker_that_begins_anew_becomes_the_manager()
    {
        var after = Begin(States.Small(), "w1", observe: false).State;
        Assert.Equal(NodeRole.Manager, Assert.Single(after.Nodes.Values).Role);
    }

    [Fact]
    public void Promotions_and_demotions_that_were_under_way_are_over()
    {
        var before = States.Small();
        var entry = new StoreEntry(Later, [
            new StoreAction.UpdateNodeSpec(
                new NodeId("m1"), 0, new NodeSpec { Role = NodeSpec.Types.Role.Worker }),
            new StoreAction.UpdateNodeSpec(
                new NodeId("w1"), 0, new NodeSpec { Role = NodeSpec.Types.Role.Manager }),
        ]);
        var after = Begin(before.Apply(entry, before.LastIndex + 1).State, "m1", observe: false).State;
        Assert.Equal(NodeRole.Manager, after.Nodes[new NodeId("m1")].DesiredRole);
        Assert.Equal(NodeRole.Worker, after.Nodes[new NodeId("w1")].DesiredRole);
    }

    [Fact]
    public void Epochs_follow_each_other()
    {
        var first = Begin(States.Small(), "m1", observe: true).State;
        var second = Begin(first, "m1", observe: false);
        Assert.Equal(first.Cluster!.Epoch + 1, second.State.Cluster!.Epoch);
        Assert.Empty(second.Removed);
        // Who observed still has not confirmed.
        Assert.True(second.State.Cluster.Observe);
    }

    [Fact]
    public void A_backup_from_before_an_epoch_never_begins_that_epoch_again()
    {
        var backup = States.Small();
        var forced = Begin(backup, "m1", observe: false).State;
        var restored = Begin(backup, "m9", observe: true, Later.AddMinutes(10)).State;
        Assert.True(restored.Cluster!.Epoch > forced.Cluster!.Epoch);
    }

    [Fact]
    public void A_clock_that_is_behind_does_not_lead_back()
    {
        var first = Begin(States.Small(), "m1", observe: false).State;
        var second = Begin(first, "m1", observe: false, Later.AddYears(-10)).State;
        Assert.Equal(first.Cluster!.Epoch + 1, second.Cluster!.Epoch);
        var ancient = Begin(States.Small(), "m1", observe: false, DateTimeOffset.UnixEpoch.AddYears(-1)).State;
        Assert.Equal(1UL, ancient.Cluster!.Epoch);
    }

    private static NewEpochState Begin(
        ClusterState state, string self, bool observe, DateTimeOffset? at = null) => NewEpoch.Begin(
            state, new NewEpochRequest(new NodeId(self), new NodeSpec(), observe, [7, 7], [8, 8]), at ?? Later);
}
