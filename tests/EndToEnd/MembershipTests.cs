using System.Text.Json;

namespace Swarm.EndToEnd;

/// <summary>Managers come and go while the swarm is written to and its containers run.</summary>
[Collection(LabCollection.Name)]
public sealed class MembershipTests
{
    private const int SettleSeconds = 30;
    private readonly Lab lab;

    public MembershipTests(Lab lab)
    {
        this.lab = lab;
        lab.Reset();
    }

    [Fact]
    public void Promotions_demotions_and_removals_in_any_order_keep_quorum_and_data()
    {
        lab.Create("web", "--replicas", "5", $"{Lab.Image}:1").Expect();
        var containers = Lab.Hosts.ToDictionary(h => h, lab.WebProcesses);
        string[] written;
        using (var writer = Writer.Start(["n1", "n2", "n3"]))
        {
            Become(writer, Lab.Hosts);
            BecomeWithout(writer, lab.Leader("n1"));
            BecomeWithout(writer, Followers(Managers()).First());
            Assert.All(Lab.Hosts, h => Assert.Equal(containers[h], lab.WebProcesses(h)));
            LoseOne(writer);
            Become(writer, Lab.Managers);
            written = writer.Acknowledged;
        }

        Assert.True(written.Length > 20, $"only {written.Length} writes were acknowledged");
        foreach (var host in Lab.Managers)
        {
            var there = lab.Ctl(host, "service", "ls", "--format", "{{.Name}}").Expect().Lines;
            Assert.Empty(written.Except(there));
        }
    }

    [Fact]
    public void A_manager_that_lost_its_log_comes_back_as_a_new_member()
    {
        var leader = lab.Leader("n1");
        var lost = Lab.Managers.Last(h => h != leader);
        var before = RaftId(lost);
        lab.Run("kill", lost).Expect();
        var said = lab.Run("logs", lost).Output.Length;
        Directory.Delete(Path.Combine(Lab.Data(lost), "raft"), recursive: true);
        lab.Run("start", lost).Expect();
        Wait.Until(
            "three voters again, the lost one under another name", SettleSeconds,
            () => Voters(leader) is { Count: 3 } voters && !voters.Contains(before) && voters.Contains(RaftId(lost)),
            () => QuickCtl.Run(leader, "info").Text);
        lab.Ctl(lost, "service", "create", "--detach", "--no-resolve-image", "--replicas", "0", "--name", "after",
            "writer/nothing:1").Expect();
        // While it gets the state entry by entry it knows nobody yet, and takes nobody for removed.
        Assert.DoesNotContain("was removed from the cluster", lab.Run("logs", lost).Output[said..]);
    }

    [Fact]
    public void A_leader_that_is_stopped_hands_over_first()
    {
        var leader = lab.Leader("n1");
        var others = Lab.Managers.Where(h => h != leader).ToArray();
        var said = lab.Run("logs", leader).Output.Length;
        using (var writer = Writer.Start(others))
        {
            writer.Expect("before");
            lab.Run("stop", leader).Expect();
            Wait.Until("another leads", SettleSeconds, () => others.Contains(lab.Leader(others[0])));
            writer.Expect("after");
        }

        Assert.Contains("leadership was handed over", lab.Run("logs", leader).Output[said..]);
        lab.Run("start", leader).Expect();
    }

    /// <summary>One dies and goes for good: nobody else may go meanwhile, and it never comes back as it was.</summary>
    private void LoseOne(Writer writer)
    {
        var managers = Managers();
        var (lost, other) = (Followers(managers).First(), Followers(managers).Last());
        var stay = managers.Where(h => h != lost).ToArray();
        writer.Ask(stay);
        lab.Run("kill", lost).Expect();
        Wait.Until(
            "it is missed", SettleSeconds,
            () => lab.Nodes(other).Any(
                n => n.Hostname == lost && n is { ManagerStatus: "Unreachable", Status: "Down" }));
        var refused = lab.Ctl(other, "node", "demote", other);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("2 managers would remain, 1 of them reachable, 2 needed", refused.Errors);
        Assert.Contains("must be demoted to worker before removal", lab.Ctl(other, "node", "rm", lost).Errors);
        BecomeWithout(writer, lost);
        lab.Ctl(other, "node", "rm", lost).Expect();
        writer.Expect($"after {lost} was removed");

        lab.Run("start", lost).Expect();
        Assert.NotEqual(0, lab.Ctl(lost, "node", "ls").ExitCode);
        Assert.DoesNotContain(lab.Nodes(other), n => n.Hostname == lost);
        lab.Ctl(lost, "swarm", "leave", "--force").Expect();
        var token = lab.Ctl(other, "swarm", "join-token", "-q", "worker").Expect().Output.Trim();
        lab.Ctl(lost, "swarm", "join", "--token", token, "--advertise-addr", Lab.Address(lost),
            $"{Lab.Address(other)}:2377").Expect();
        Wait.Until(
            "the lost one is a worker", SettleSeconds,
            () => lab.Nodes(other).Any(n => n.Hostname == lost && n.IsUsable), () => lab.NodesText(other));
    }

    private void BecomeWithout(Writer writer, params string[] leaving) =>
        Become(writer, [.. Managers().Except(leaving)]);

    /// <summary>Promotes who is missing, demotes who is too many, and waits until it is so.</summary>
    private void Become(Writer writer, string[] wanted)
    {
        var present = Managers();
        var stay = present.Intersect(wanted).ToArray();
        writer.Ask(stay.Length > 0 ? stay : present);
        var via = Answering(stay.Length > 0 ? stay : present);
        if (wanted.Except(present).ToArray() is { Length: > 0 } promoted)
            lab.Ctl(via, ["node", "promote", .. promoted]).Expect();
        Wait.Until(
            "all are managers", SettleSeconds, () => wanted.All(Managers(via).Contains), () => lab.NodesText(via));
        writer.Ask(wanted);
        via = Answering(wanted);
        if (present.Except(wanted).ToArray() is { Length: > 0 } demoted)
            lab.Ctl(via, ["node", "demote", .. demoted]).Expect();
        Wait.Until(
            $"managers are {string.Join(' ', wanted)}", SettleSeconds,
            () => Managers(via).SequenceEqual(wanted.Order()) && lab.Leader(via).Length > 0,
            () => lab.NodesText(via) + QuickCtl.Run(via, "info").Text);
        writer.Expect($"with managers {string.Join(' ', wanted)}");
    }

    private string Answering(string[] hosts)
    {
        string? found = null;
        Wait.Until(
            $"one of {string.Join(' ', hosts)} answers", SettleSeconds,
            () => (found = hosts.FirstOrDefault(h => QuickCtl.Run(h, "node", "ls", "-q").ExitCode == 0)) is not null);
        return found!;
    }

    private string[] Managers() => Lab.Hosts.Select(Managers).First(m => m.Length > 0);

    private string[] Managers(string via) =>
        [.. lab.Nodes(via).Where(n => n.IsManager).Select(n => n.Hostname).Order()];

    private IEnumerable<string> Followers(string[] managers)
    {
        var leader = lab.Leader(managers.First(m => lab.Leader(m).Length > 0));
        return managers.Where(m => m != leader);
    }

    private string RaftId(string host) => Info(host, r => r.GetProperty("ID").GetString()!);

    private List<string> Voters(string host) => Info(host, r => r.GetProperty("Members").EnumerateArray()
        .Where(m => !m.GetProperty("Learner").GetBoolean()).Select(m => m.GetProperty("ID").GetString()!).ToList());

    private T Info<T>(string host, Func<JsonElement, T> read)
    {
        using var json = JsonDocument.Parse(QuickCtl.Run(host, "info", "--format", "json").Expect().Output);
        return read(json.RootElement.GetProperty("Swarm").GetProperty("Raft"));
    }
}
