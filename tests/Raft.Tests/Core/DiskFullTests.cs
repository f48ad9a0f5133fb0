using Swarm.Raft.Core;

namespace Swarm.Raft.Tests.Core;

/// <summary>Full disks refuse before they fail, and work again when there is room (R33).</summary>
public sealed class DiskFullTests
{
    private static (TestCluster Cluster, ulong Leader) Three()
    {
        var c = new TestCluster(3);
        var leader = c.TickUntilLeader();
        c.Propose(leader, "a");
        c.Tick(12);
        return (c, leader);
    }

    [Fact]
    public void A_leader_without_room_refuses_and_hands_over_to_one_that_has_it()
    {
        var (c, leader) = Three();
        c[leader].DiskFull = true;
        Assert.Equal(NotDoneReason.DiskFull, c[leader].Propose(TestCluster.Bytes("b")).Refusal);
        c.Tick(60);
        var next = c.TickUntilLeader();
        Assert.NotEqual(leader, next);
        c.Propose(next, "b");
        c.Tick();
        Assert.Equal("a,b", c.Applied(next));
    }

    [Fact]
    public void When_nobody_has_room_the_leader_stays_and_refuses_and_goes_on_when_there_is()
    {
        var (c, leader) = Three();
        foreach (var id in new ulong[] { 1, 2, 3 })
            c[id].DiskFull = true;
        c.Tick(300);
        Assert.Equal(RaftRole.Leader, c[leader].Role);
        Assert.Equal(NotDoneReason.DiskFull, c[leader].Propose(TestCluster.Bytes("b")).Refusal);
        foreach (var id in new ulong[] { 1, 2, 3 })
            c[id].DiskFull = false;
        c.Tick(15);
        c.Propose(leader, "b");
        c.Tick(15);
        Assert.All(new ulong[] { 1, 2, 3 }, id => Assert.Equal("a,b", c.Applied(id)));
    }

    [Fact]
    public void A_follower_without_room_takes_no_entries_and_catches_up_when_it_has_it()
    {
        var (c, leader) = Three();
        var full = leader % 3 + 1;
        c[full].DiskFull = true;
        for (var i = 0; i < 5; i++)
            c.Propose(leader, $"b{i}");
        c.Tick(30);
        Assert.Equal("a", c.Applied(full));
        Assert.True(c[leader].DescribeMembers().Single(m => m.Id.Value == full).DiskFull);
        c.Sent.Clear();
        c.Tick(30);
        Assert.DoesNotContain(c.Sent, m => m is AppendRequest { Entries.Count: > 0 });
        c[full].DiskFull = false;
        c.Tick(30);
        Assert.Equal("a,b0,b1,b2,b3,b4", c.Applied(full));
    }

    [Fact]
    public void A_follower_without_room_still_votes()
    {
        var (c, leader) = Three();
        var full = leader % 3 + 1;
        var other = 6 - leader - full;
        c[full].DiskFull = true;
        c.Isolate(leader);
        c.Tick(60);
        c.Campaign(other);
        Assert.Equal(RaftRole.Leader, c[other].Role);
    }

    /// <summary>Reads need the first entry of a leader's term.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_new_leader_answers_reads_although_the_others_have_no_room(bool alone)
    {
        var (c, old) = Three();
        var (next, third) = (old % 3 + 1, (old + 1) % 3 + 1);
        // What the old leader could not bring to anybody any more has to come along.
        c[old].DiskFull = c[third].DiskFull = true;
        c.Lose = m => m is AppendRequest;
        c[next].DiskFull = alone;
        c.Tick(3);
        c.Lose = _ => false;
        Assert.Equal(NotDoneReason.None, c[old].TransferLeadership(new RaftId(next)).Refusal);
        c.Tick(5);
        Assert.Equal(next, c.TickUntilLeader(next));
        Assert.True(c[next].ReadIndex(1) is NotDoneReason.None);
        c.Tick(5);
        Assert.Single(c.Reads(next));
        c.Tick(30);
        Assert.Equal(NotDoneReason.DiskFull, c[next].Propose(TestCluster.Bytes("b")).Refusal);
        Assert.Equal(RaftRole.Leader, c[next].Role);
        c[third].DiskFull = c[next].DiskFull = false;
        c.Tick(10);
        c.Propose(next, "b");
        c.Tick(10);
        Assert.Equal("a,b", c.Applied(third));
        Assert.Equal("a", c.Applied(old));
    }

    [Fact]
    public void Entries_taken_before_the_others_were_full_are_committed_and_no_more_are_taken()
    {
        var (c, leader) = Three();
        foreach (var id in new ulong[] { 1, 2, 3 }.Where(id => id != leader))
            c[id].DiskFull = true;
        c.Propose(leader, "b");
        c.Tick(10);
        Assert.All(new ulong[] { 1, 2, 3 }, id => Assert.Equal("a,b", c.Applied(id)));
        Assert.Equal(NotDoneReason.DiskFull, c[leader].Propose(TestCluster.Bytes("c")).Refusal);
    }

    [Fact]
    public void A_full_follower_is_needed_while_another_is_silent()
    {
        var (c, leader) = Three();
        var full = leader % 3 + 1;
        c[full].DiskFull = true;
        c.Isolate(6 - leader - full);
        c.Propose(leader, "b");
        c.Tick(150);
        Assert.Equal("a,b", c.Applied(full));
        Assert.Equal(NotDoneReason.DiskFull, c[leader].Propose(TestCluster.Bytes("c")).Refusal);
        c.Heal();
        c.Tick(10);
        c.Propose(leader, "c");
        c.Tick(30);
        Assert.Equal("a,b", c.Applied(full));
    }
}
