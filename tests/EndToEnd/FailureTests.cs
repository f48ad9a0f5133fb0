using System.Collections.Concurrent;

namespace Swarm.EndToEnd;

/// <summary>What goes on, and what comes back, when something dies.</summary>
[Collection(LabCollection.Name)]
public sealed class FailureTests
{
    private const int RecoverSeconds = 60;
    private const int Port = 8080;
    private readonly Lab lab;

    public FailureTests(Lab lab)
    {
        this.lab = lab;
        lab.Reset();
    }

    [Fact]
    public void A_dead_leader_stops_nothing()
    {
        lab.Create("web", "--replicas", "5", $"{Lab.Image}:1").Expect();
        var processes = Containers();
        var leader = lab.Leader("n1");
        var other = Lab.Managers.First(host => host != leader);
        lab.Run("kill", leader).Expect();
        Wait.Until("a scale is accepted", RecoverSeconds, () => Try(other, "service", "scale", "--detach", "web=8"));
        // Only tasks on nodes that live can come up; those of the leader's node go on without its daemon.
        Wait.Until(
            "eight tasks run", RecoverSeconds, () => lab.Running(other, "web").Count == 8,
            () => lab.ServiceText(other, "web"));
        Assert.Subset(Containers(), processes);
        lab.Run("start", leader).Expect();
        Wait.Until(
            "the old leader follows", RecoverSeconds,
            () => lab.Nodes(leader).Count(node => node.ManagerStatus is "Leader" or "Reachable") == 3,
            () => lab.NodesText(other));
    }

    /// <summary>It says nothing when it goes: its nodes must find the next one before they are missed.</summary>
    [Fact]
    public void A_leader_without_power_costs_no_container_of_another_host()
    {
        lab.Create("web", "--replicas", "8", $"{Lab.Image}:1").Expect();
        var leader = lab.Leader("n1");
        var other = Lab.Managers.First(host => host != leader);
        var elsewhere = Containers().Where(c => !c.StartsWith($"{leader}/", StringComparison.Ordinal)).ToHashSet();
        lab.Run("crash", leader).Expect();
        Wait.Until(
            "eight tasks run, none on the host without power", RecoverSeconds,
            () => lab.Running(other, "web") is { Count: 8 } tasks && tasks.All(task => task.Node != leader),
            () => lab.ServiceText(other, "web"));
        Assert.Subset(Containers(), elsewhere);
        lab.Run("start", leader).Expect();
        Wait.Until("it is back", RecoverSeconds, () => lab.Nodes(other).All(n => n.Status == "Ready"));
    }

    [Fact]
    public void A_worker_without_power_loses_its_tasks_to_others()
    {
        lab.Create("web", "--replicas", "5", "--publish", "8080:80", $"{Lab.Image}:1").Expect();
        lab.Run("crash", "n5").Expect();
        Wait.Until(
            "five tasks, none on n5", RecoverSeconds,
            () => lab.Running("n1", "web") is { Count: 5 } tasks && tasks.All(task => task.Node != "n5"),
            () => lab.ServiceText("n1", "web"));
        Assert.Equal("Down", lab.Nodes("n1").Single(node => node.Hostname == "n5").Status);
        using (var traffic = Traffic.Start(Port, ["n1", "n2", "n3", "n4"]))
        {
            Wait.Until("traffic flows", 20, () => traffic.Requests > 200);
            traffic.EndWithoutFailure();
        }

        lab.Run("start", "n5").Expect();
        Wait.Until(
            "n5 is back", RecoverSeconds,
            () => lab.Nodes("n1").Single(node => node.Hostname == "n5").IsUsable, () => lab.NodesText("n1"));
        Assert.Empty(lab.WebProcesses("n5"));
        Wait.Until("n5 answers for the others' tasks", 20, () => Lab.Get("n5", Port) is not null);
    }

    [Fact]
    public void A_killed_container_is_replaced_and_the_reason_kept()
    {
        lab.Create("web", "--replicas", "1", "--restart-delay", "1s", $"{Lab.Image}:1").Expect();
        var task = Assert.Single(lab.Running("n1", "web"));
        var process = Assert.Single(lab.WebProcesses(task.Node));
        lab.Sh(task.Node, "kill", "-9", process).Expect();
        Wait.Until(
            "a new task runs", RecoverSeconds,
            () => lab.Running("n1", "web") is [var running] && running.Id != task.Id,
            () => lab.ServiceText("n1", "web"));
        var old = lab.Tasks("n1", "web").Single(row => row.Id == task.Id);
        Assert.StartsWith("Failed", old.CurrentState);
        Assert.Contains("137", old.Error);
    }

    [Fact]
    public void A_daemon_takes_its_containers_up_again()
    {
        using var patience = lab.WaitLongForNodes();
        lab.Create("web", "--replicas", "5", "--publish", "8080:80", $"{Lab.Image}:1").Expect();
        var tasks = lab.Running("n1", "web").Select(task => task.Id).Order().ToList();
        var processes = Containers();
        using var traffic = Traffic.Start(Port, Lab.Hosts);
        lab.Run("kill", "n4").Expect();
        lab.Run("start", "n4").Expect();
        Wait.Until(
            "n4 is ready", RecoverSeconds,
            () => lab.Nodes("n1").Single(node => node.Hostname == "n4").IsUsable, () => lab.NodesText("n1"));
        Wait.Until(
            "the same five tasks run", RecoverSeconds,
            () => lab.Running("n1", "web").Select(task => task.Id).Order().SequenceEqual(tasks),
            () => lab.ServiceText("n1", "web"));
        traffic.EndWithoutFailure();
        Assert.Equal(processes.Order(), Containers().Order());
    }

    [Fact]
    public void An_exit_while_the_daemon_is_away_is_noticed()
    {
        lab.Create("web", "--replicas", "1", "--constraint", "node.hostname==n4", $"{Lab.Image}:1").Expect();
        var task = Assert.Single(lab.Running("n1", "web"));
        var process = Assert.Single(lab.WebProcesses("n4"));
        lab.Run("kill", "n4").Expect();
        lab.Sh("n4", "kill", "-9", process).Expect();
        lab.Run("start", "n4").Expect();
        Wait.Until(
            "a new task runs on n4", RecoverSeconds,
            () => lab.Running("n1", "web") is [{ Node: "n4" } running] && running.Id != task.Id,
            () => lab.ServiceText("n1", "web"));
    }

    /// <summary>
    /// Nobody assigns its task any more: the container is stopped with what it was made with (once the daemon fell over
    /// the missing specification, at every start again).
    /// </summary>
    [Fact]
    public void A_service_removed_while_the_daemon_is_away_ends_when_it_is_back()
    {
        lab.Create("web", "--replicas", "1", "--constraint", "node.hostname==n4", $"{Lab.Image}:1").Expect();
        Assert.Single(lab.WebProcesses("n4"));
        lab.Run("kill", "n4").Expect();
        Wait.Until(
            "n4 is down", RecoverSeconds,
            () => lab.Nodes("n1").Single(node => node.Hostname == "n4").Status == "Down", () => lab.NodesText("n1"));
        lab.Ctl("n1", "service", "rm", "web").Expect();
        Wait.Until(
            "its tasks are forgotten", RecoverSeconds,
            () => QuickCtl.Run("n1", "node", "ps", "n4", "-q").Expect().Lines.Length == 0);
        Assert.Single(lab.WebProcesses("n4"));
        lab.Run("start", "n4").Expect();
        Wait.Until("its container has ended", RecoverSeconds, () => lab.WebProcesses("n4").Length == 0);
        Wait.Until(
            "n4 is ready", RecoverSeconds,
            () => lab.Nodes("n1").Single(node => node.Hostname == "n4").IsUsable, () => lab.NodesText("n1"));
    }

    [Fact]
    public async Task Acknowledged_services_survive_the_death_of_all_managers()
    {
        var acknowledged = new ConcurrentBag<string>();
        using var stop = new CancellationTokenSource();
        var writers = Lab.Managers.Select(host => Task.Run(() => Write(host, acknowledged, stop.Token))).ToArray();
        Wait.Until("some services are acknowledged", RecoverSeconds, () => acknowledged.Count > 10);
        Parallel.ForEach(Lab.Managers, host => lab.Run("kill", host).Expect());
        await stop.CancelAsync();
        await Task.WhenAll(writers);
        foreach (var host in Lab.Managers)
            lab.Run("start", host).Expect();
        Wait.Until("a leader", RecoverSeconds, () => lab.Leader("n1").Length > 0, () => lab.NodesText("n1"));
        var known = lab.Ctl("n1", "service", "ls", "--format", "{{.Name}}").Expect().Lines;
        Assert.Subset(known.ToHashSet(), acknowledged.ToHashSet());
    }

    [Fact]
    public void A_partition_leaves_one_side_that_decides_and_heals_to_the_wanted_number()
    {
        lab.Create("web", "--replicas", "4", $"{Lab.Image}:1").Expect();
        var leader = lab.Leader("n1");
        var other = Lab.Managers.First(host => host != leader);
        lab.Run("cut", leader, "n5").Expect();
        Wait.Until(
            "the majority accepts writes", RecoverSeconds, () => Try(other, "service", "scale", "--detach", "web=6"));
        Wait.Until(
            "six tasks run in the majority", RecoverSeconds,
            () => lab.Running(other, "web") is { Count: 6 } tasks
                && tasks.All(task => task.Node != leader && task.Node != "n5"),
            () => lab.ServiceText(other, "web"));
        Assert.False(Try(leader, "service", "scale", "--detach", "web=1"), "a manager without a majority took a write");
        lab.Run("heal").Expect();
        Wait.Until(
            "exactly six containers on all hosts", RecoverSeconds,
            () => Containers().Count == 6 && lab.Running(leader, "web").Count == 6,
            () => lab.ServiceText(other, "web"));
    }

    private bool Try(string host, params string[] arguments) => lab.Ctl(host, arguments).ExitCode == 0;

    /// <summary>Host and pid of the first process of every demo container.</summary>
    private HashSet<string> Containers() =>
        [.. Lab.Hosts.SelectMany(host => lab.WebProcesses(host).Select(pid => $"{host}/{pid}"))];

    private void Write(string host, ConcurrentBag<string> acknowledged, CancellationToken stop)
    {
        for (var n = 1; !stop.IsCancellationRequested; n++)
        {
            var name = $"s-{host}-{n}";
            var create = lab.Ctl(
                host, "service", "create", "--detach", "--replicas", "0", "--name", name, $"{Lab.Image}:1");
            if (create.ExitCode == 0)
                acknowledged.Add(name);
        }
    }
}
