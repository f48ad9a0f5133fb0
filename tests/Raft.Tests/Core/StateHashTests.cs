using FsCheck;
using FsCheck.Fluent;
using Swarm.Raft.Core;

namespace Swarm.Raft.Tests.Core;

/// <summary>States at the same index are compared; the minority stops with evidence (R22, S4).</summary>
public sealed class StateHashTests
{
    private const ulong At = RaftLimits.HashEveryEntries;

    private static RaftConfiguration Voters(int count) =>
        new([.. Enumerable.Range(1, count).Select(i => TestCluster.Describe((ulong)i, learner: false))], []);

    [Theory]
    [InlineData("A", HashVerdict.Agreed)]
    [InlineData("AA", HashVerdict.Agreed)]
    [InlineData("AAA", HashVerdict.Agreed)]
    [InlineData("AB", HashVerdict.Agreed)]
    [InlineData("ABA", HashVerdict.Agreed)]
    [InlineData("ABB", HashVerdict.Diverged)]
    [InlineData("ABC", HashVerdict.Disputed)]
    [InlineData("-BB", HashVerdict.Agreed)]
    public void The_verdict_of_the_first_of_three(string hashes, HashVerdict verdict) =>
        Assert.Equal(verdict, Verdict(3, hashes));

    [Theory]
    [InlineData("AB", HashVerdict.Disputed)]
    [InlineData("AA", HashVerdict.Agreed)]
    public void The_verdict_of_the_first_of_two(string hashes, HashVerdict verdict) =>
        Assert.Equal(verdict, Verdict(2, hashes));

    [Theory]
    [InlineData("ABB", HashVerdict.Agreed)]
    [InlineData("ABBB", HashVerdict.Diverged)]
    [InlineData("ABBAC", HashVerdict.Disputed)]
    public void The_verdict_of_the_first_of_five(string hashes, HashVerdict verdict) =>
        Assert.Equal(verdict, Verdict(5, hashes));

    [Fact]
    public void Nobody_is_accused_while_a_majority_agrees_with_him_in_whatever_order_hashes_come() =>
        Prop.ForAll<int[]>(order =>
        {
            var hashes = new StateHashes();
            var verdicts = order.Select(Math.Abs).Concat([0, 1, 2]).Select(i => hashes.Take(
                new RaftId((ulong)(i % 5) + 1), At, i % 5 < 3 ? 7u : (UInt128)(uint)(i % 5),
                (new RaftId(1), Voters(5))));
            return verdicts.All(v => v != HashVerdict.Diverged);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Memory_is_bounded_and_old_indexes_go_first()
    {
        var hashes = new StateHashes();
        for (var i = 1UL; i <= 1000; i++)
            hashes.Take(new RaftId(1), i * At, 1, (new RaftId(1), Voters(3)));
        Assert.Equal(HashVerdict.Agreed, hashes.Take(new RaftId(2), At, 2, (new RaftId(1), Voters(3))));
        hashes.Take(new RaftId(2), 1000 * At, 2, (new RaftId(1), Voters(3)));
        Assert.Equal(
            HashVerdict.Diverged, hashes.Take(new RaftId(3), 1000 * At, 2, (new RaftId(1), Voters(3))));
    }

    [Fact]
    public void The_member_whose_state_differs_learns_it_and_the_others_do_not()
    {
        var c = new TestCluster(3);
        c.TickUntilLeader();
        c[1].ReportStateHash(At, 5);
        c[2].ReportStateHash(At, 6);
        c[3].ReportStateHash(At, 5);
        c.Deliver();
        Assert.Equal([null, At, null], new ulong[] { 1, 2, 3 }.Select(id => c[id].Diverged?.Index));
        var evidence = c[2].Diverged!;
        Assert.Equal(((UInt128)6, (UInt128)5), (evidence.Own, evidence.Others[new RaftId(1)]));
        Assert.Contains("member 1 has", new StateDivergedException(new RaftId(2), evidence).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_majority_nobody_stops_and_everybody_sounds_the_alarm()
    {
        var c = new TestCluster(3);
        c.TickUntilLeader();
        foreach (var id in new ulong[] { 1, 2, 3 })
            c[id].ReportStateHash(At, id);
        c.Deliver();
        Assert.All(new ulong[] { 1, 2, 3 }, id => Assert.Equal((null, At), (c[id].Diverged, c[id].DisputedIndex)));
    }

    [Fact]
    public void A_report_belongs_to_no_term_and_one_at_another_index_is_refused()
    {
        var c = new TestCluster(3);
        var leader = c.TickUntilLeader();
        var term = c[leader].Term;
        c.Step(leader, new StateHashReport(TestCluster.From(leader % 3 + 1, leader, term + 5), At, 1));
        Assert.Equal((term, RaftRole.Leader), (c[leader].Term, c[leader].Role));
        Assert.Equal(
            StepOutcome.Malformed,
            c.Step(leader, new StateHashReport(TestCluster.From(leader % 3 + 1, leader, term), At + 1, 1)));
    }

    private static HashVerdict Verdict(int voters, string hashes)
    {
        var all = new StateHashes();
        var verdict = HashVerdict.Agreed;
        for (var i = hashes.Length - 1; i >= 0; i--)
        {
            if (hashes[i] != '-')
                verdict = all.Take(new RaftId((ulong)i + 1), At, hashes[i], (new RaftId(1), Voters(voters)));
        }
        return verdict;
    }
}
