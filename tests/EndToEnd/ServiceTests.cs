namespace Swarm.EndToEnd;

/// <summary>The life of a service while nothing goes wrong.</summary>
[Collection(LabCollection.Name)]
public sealed class ServiceTests
{
    private const int ConvergeSeconds = 60;
    private const int Port = 8080;
    private readonly Lab lab;

    public ServiceTests(Lab lab)
    {
        this.lab = lab;
        lab.Reset();
    }

    [Fact]
    public void Every_host_reaches_every_task()
    {
        lab.Create(
            "nginx1", "--replicas", "5", "--publish", "8080:80",
            "--mount", "source=/etc/hostname,target=/usr/share/host,type=bind,ro", $"{Lab.Image}:1").Expect();
        var tasks = lab.Running("n1", "nginx1");
        Assert.Equal(5, tasks.Count);
        Assert.Equal(Lab.Hosts, tasks.Select(task => task.Node).Order());
        foreach (var host in Lab.Hosts)
        {
            var seen = new HashSet<string>();
            Wait.Until($"{host} reaches all five tasks", 20, () => Collect(seen, Lab.Get(host, Port)) == 5);
            var own = lab.Sh(host, "curl", "-sS", "-m", "5", $"http://127.0.0.1:{Port}/").Expect();
            Assert.StartsWith("version=1 ", own.Output);
        }
    }

    [Fact]
    public void A_service_grows_and_shrinks()
    {
        lab.Create("web", "--replicas", "2", $"{Lab.Image}:1").Expect();
        var before = lab.Running("n1", "web").Select(task => task.Id).ToHashSet();
        lab.Ctl("n2", "service", "scale", "web=8").Expect();
        var grown = lab.Running("n1", "web");
        Assert.Equal(8, grown.Count);
        Assert.Subset(grown.Select(task => task.Id).ToHashSet(), before);
        Assert.True(grown.GroupBy(task => task.Node).All(node => node.Count() is 1 or 2), lab.ServiceText("n1", "web"));
        lab.Ctl("n3", "service", "scale", "web=3").Expect();
        Wait.Until(
            "three containers on all hosts together", ConvergeSeconds,
            () => Lab.Hosts.Sum(host => lab.WebProcesses(host).Length) == 3, () => lab.ServiceText("n1", "web"));
    }

    [Fact]
    public void An_update_loses_no_request()
    {
        lab.Create("web", "--replicas", "8", "--publish", "8080:80", $"{Lab.Image}:1").Expect();
        using var traffic = Traffic.Start(Port, Lab.Hosts);
        Wait.Until("traffic flows", 20, () => traffic.Requests > 100);
        lab.Ctl(
            "n1", "service", "update", "--image", $"{Lab.Image}:2", "--update-parallelism", "2",
            "--update-delay", "1s", "web").Expect();
        var sofar = traffic.Requests;
        Wait.Until("traffic flows after the update", 20, () => traffic.Requests > sofar + 200);
        traffic.EndWithoutFailure();
        Assert.Contains(traffic.Answers, answer => answer.StartsWith("version=1 ", StringComparison.Ordinal));
        Assert.Equal(
            8, traffic.Answers.Count(answer => answer.StartsWith("version=2 ", StringComparison.Ordinal)));
        Assert.StartsWith("version=2 ", Lab.Get("n5", Port));
        Assert.Matches(@"\\_ web\.1 .*demo/web:1.*Shutdown", lab.Ctl("n1", "service", "ps", "web").Expect().Output);
    }

    [Fact]
    public void Scaling_down_loses_no_request()
    {
        lab.Create("web", "--replicas", "8", "--publish", "8080:80", $"{Lab.Image}:1").Expect();
        using var traffic = Traffic.Start(Port, Lab.Hosts);
        Wait.Until("traffic flows", 20, () => traffic.Requests > 100);
        lab.Ctl("n1", "service", "scale", "web=2").Expect();
        var sofar = traffic.Requests;
        Wait.Until("traffic flows after", 20, () => traffic.Requests > sofar + 200);
        traffic.EndWithoutFailure();
    }

    [Fact]
    public void An_update_that_fails_pauses_and_leaves_the_rest_alone()
    {
        lab.Create("web", "--replicas", "4", "--publish", "8080:80", $"{Lab.Image}:1").Expect();
        var update = lab.Ctl(
            "n1", "service", "update", "--image", $"{Lab.Image}:bad", "--update-parallelism", "1",
            "--update-monitor", "2s", "web");
        Assert.NotEqual(0, update.ExitCode);
        Assert.Contains("paused", update.Text, StringComparison.OrdinalIgnoreCase);
        var old = lab.Running("n1", "web").Where(task => task.Image.Contains("demo/web:1", StringComparison.Ordinal));
        Assert.Equal(3, old.Count());
        Assert.StartsWith("version=1 ", Lab.Get("n1", Port));
    }

    [Fact]
    public void A_global_service_runs_once_on_every_node()
    {
        lab.Create("agent", "--mode", "global", $"{Lab.Image}:1").Expect();
        Assert.Equal(Lab.Hosts, lab.Running("n1", "agent").Select(task => task.Node).Order());
    }

    [Fact]
    public void Constraints_choose_nodes_and_wait_for_them()
    {
        lab.Create("web", "--replicas", "3", "--constraint", "node.role==worker", $"{Lab.Image}:1").Expect();
        Assert.Subset(Lab.Workers.ToHashSet(), lab.Running("n1", "web").Select(task => task.Node).ToHashSet());

        lab.Create("ssd", "--detach", "--constraint", "node.labels.disk==ssd", $"{Lab.Image}:1").Expect();
        Wait.Until(
            "the task waits and says for what", 20,
            () => lab.Tasks("n1", "ssd") is [{ Error: not "" } task]
                && task.CurrentState.StartsWith("Pending", StringComparison.Ordinal),
            () => lab.ServiceText("n1", "ssd"));
        lab.Ctl("n1", "node", "update", "--label-add", "disk=ssd", "n5").Expect();
        Wait.Until(
            "the task runs on n5", ConvergeSeconds, () => lab.Running("n1", "ssd") is [{ Node: "n5" }],
            () => lab.ServiceText("n1", "ssd"));
        lab.Ctl("n1", "node", "update", "--label-rm", "disk", "n5").Expect();
    }

    [Fact]
    public void Draining_a_node_moves_its_tasks()
    {
        lab.Create("web", "--replicas", "5", $"{Lab.Image}:1").Expect();
        lab.Ctl("n1", "node", "update", "--availability", "drain", "n4").Expect();
        try
        {
            Wait.Until(
                "five tasks, none on n4", ConvergeSeconds,
                () => lab.Running("n1", "web") is { Count: 5 } tasks && tasks.All(task => task.Node != "n4"),
                () => lab.ServiceText("n1", "web"));
        }
        finally
        {
            lab.Ctl("n1", "node", "update", "--availability", "active", "n4").Expect();
        }
    }

    [Fact]
    public void A_container_gets_its_environment_and_its_words_reach_the_log()
    {
        lab.Create(
            "talk", "--detach", "--env", "WORD=hello", "--workdir", "/tmp", "--user", "nobody",
            "--restart-condition", "none", $"{Lab.Image}:1",
            "sh", "-c", "echo $WORD from $(pwd) as $(id -un)").Expect();
        Wait.Until(
            "the log says it", ConvergeSeconds,
            () => Log("talk").Contains("hello from /tmp as nobody", StringComparison.Ordinal),
            () => lab.ServiceText("n1", "talk"));
    }

    private string Log(string service) => lab.Ctl("n2", "service", "logs", service).Output;

    private static int Collect(HashSet<string> seen, string? answer)
    {
        if (answer is not null)
            seen.Add(answer);
        return seen.Count;
    }
}
