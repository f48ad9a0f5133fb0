namespace Swarm.EndToEnd;

/// <summary>Updates, rollbacks, jobs and placement of real containers, also while nodes and leaders die.</summary>
[Collection(LabCollection.Name)]
public sealed class OrchestrationTests
{
    private const int ConvergeSeconds = 60;
    private const int Port = 8080;
    private const string First = $"{Lab.Image}:1";
    private const string Second = $"{Lab.Image}:2";
    private readonly Lab lab;

    public OrchestrationTests(Lab lab)
    {
        this.lab = lab;
        lab.Reset();
    }

    [Fact]
    public void Start_first_keeps_all_replicas_running_under_load()
    {
        lab.Create("web", "--replicas", "6", "--publish", "8080:80", First).Expect();
        using var traffic = Traffic.Start(Port, Lab.Hosts);
        using var fewest = new Sampling(() => lab.Running("n2", "web").Count);
        lab.Ctl(
            "n1", "service", "update", "--image", Second, "--update-parallelism", "2", "--update-order", "start-first",
            "web").Expect();
        Assert.True(fewest.End() >= 6, $"{fewest.Least} of 6 tasks ran at some time");
        traffic.EndWithoutFailure();
        Assert.All(lab.Running("n1", "web"), task => Assert.Contains("web:2", task.Image, StringComparison.Ordinal));
    }

    [Fact]
    public void A_bad_image_is_rolled_back_and_the_command_fails()
    {
        lab.Create("web", "--replicas", "4", "--publish", "8080:80", First).Expect();
        using var traffic = Traffic.Start(Port, Lab.Hosts);
        var update = lab.Ctl(
            "n1", "service", "update", "--image", $"{Lab.Image}:bad", "--update-failure-action", "rollback",
            "--update-monitor", "2s", "--update-order", "start-first", "web");
        Assert.True(update.ExitCode == 1, update.Text);
        Assert.Contains("rolled back", update.Text, StringComparison.OrdinalIgnoreCase);
        traffic.EndWithoutFailure();
        Wait.Until("four tasks of the first image", ConvergeSeconds, () => AllRun(4, "web:1"), Text);
        var status = lab.Ctl("n3", "service", "inspect", "--format", "{{.UpdateStatus.State}}", "web").Expect().Output;
        Assert.Equal("rollback_completed", status.Trim());
    }

    [Fact]
    public void A_paused_update_stays_paused_until_a_new_one_supersedes_it()
    {
        lab.Create("web", "--replicas", "3", First).Expect();
        var paused = lab.Ctl(
            "n1", "service", "update", "--image", $"{Lab.Image}:bad", "--update-monitor", "2s",
            "--update-failure-action", "pause", "web");
        Assert.True(paused.ExitCode == 1, paused.Text);
        var leader = lab.Leader("n1");
        lab.Run("kill", leader).Expect();
        lab.Run("start", leader).Expect();
        var other = Lab.Managers.First(host => host != leader);
        Wait.Until("another leader says that it is paused", ConvergeSeconds, () => QuickCtl.Run(
            other, "service", "inspect", "--format", "{{.UpdateStatus.State}}", "web").Output.Trim() == "paused", Text);
        Assert.Equal(2, lab.Running(other, "web").Count(t => t.Image.Contains("web:1", StringComparison.Ordinal)));
        lab.Ctl(other, "service", "update", "--update-monitor", "1s", "--image", Second, "web").Expect();
        Wait.Until("three tasks of the second image", ConvergeSeconds, () => AllRun(3, "web:2"), Text);
    }

    [Fact]
    public void A_global_service_follows_nodes_that_come_and_are_drained()
    {
        lab.Create("web", "--mode", "global", First).Expect();
        lab.Run("add", "n7").Expect();
        try
        {
            Wait.Until("it runs on n7", ConvergeSeconds, () => RunsOn("n7"), Text);
            lab.Ctl("n1", "node", "update", "--availability", "drain", "n7").Expect();
            Wait.Until("it has left n7", ConvergeSeconds, () => !RunsOn("n7"), Text);
            lab.Ctl("n1", "node", "update", "--availability", "active", "n7").Expect();
            Wait.Until("it runs on n7 again", ConvergeSeconds, () => RunsOn("n7"), Text);
        }
        finally
        {
            lab.Run("crash", "n7").Expect();
            lab.Ctl("n1", "node", "rm", "--force", "n7").Expect();
        }

        Wait.Until("five tasks", ConvergeSeconds, () => lab.Running("n1", "web").Count == Lab.Hosts.Length, Text);
    }

    [Fact]
    public void A_job_of_ten_runs_three_at_a_time_to_its_end()
    {
        using var most = new Sampling(() => lab.Tasks("n2", "job").Count(
            task => task.CurrentState.StartsWith("Running", StringComparison.Ordinal)));
        lab.Ctl(
            "n1", "service", "create", "--name", "job", "--mode", "replicated-job", "--replicas", "10",
            "--max-concurrent", "3", First, "sh", "-c", "sleep 1").Expect();
        most.End();
        Assert.InRange(most.Most, 1, 3);
        var ended = lab.Tasks("n1", "job").Where(t => t.CurrentState.StartsWith("Complete", StringComparison.Ordinal));
        Assert.Equal(10, ended.Count());
    }

    [Fact]
    public void Constraints_and_preferences_of_a_running_service_change()
    {
        lab.Create("web", "--replicas", "4", First).Expect();
        lab.Ctl(
            "n1", "service", "update", "--update-monitor", "1s", "--constraint-add", "node.role==worker",
            "web").Expect();
        Wait.Until(
            "all four on workers", ConvergeSeconds,
            () => AllRun(4, "web:1") && lab.Running("n1", "web").All(t => Lab.Workers.Contains(t.Node)), Text);
        foreach (var (host, zone) in new[] { ("n1", "a"), ("n2", "a"), ("n3", "a"), ("n4", "a"), ("n5", "b") })
            QuickCtl.Run("n1", "node", "update", "--label-add", $"zone={zone}", host).Expect();
        try
        {
            lab.Ctl(
                "n1", "service", "update", "--update-monitor", "1s", "--constraint-rm", "node.role==worker",
                "--placement-pref-add", "spread=node.labels.zone", "--force", "web").Expect();
            Wait.Until(
                "two in each zone", ConvergeSeconds,
                () => AllRun(4, "web:1") && lab.Running("n1", "web").Count(t => t.Node == "n5") == 2, Text);
        }
        finally
        {
            foreach (var host in Lab.Hosts)
                QuickCtl.Run("n1", "node", "update", "--label-rm", "zone", host).Expect();
        }
    }

    [Fact]
    public void A_worker_dies_during_an_update()
    {
        lab.Create("web", "--replicas", "6", First).Expect();
        lab.Ctl(
            "n1", "service", "update", "--detach", "--image", Second, "--update-parallelism", "1", "--update-delay",
            "1s", "web").Expect();
        Wait.Until("the update has begun", ConvergeSeconds, () => Count("web:2") > 0, Text);
        lab.Run("crash", "n4").Expect();
        Wait.Until("six tasks of the second image, none on n4", ConvergeSeconds, () => AllRun(6, "web:2"), Text);
        Assert.DoesNotContain(lab.Running("n1", "web"), task => task.Node == "n4");
        lab.Run("start", "n4").Expect();
    }

    [Fact]
    public void A_leader_dies_during_an_update()
    {
        lab.Create("web", "--replicas", "6", "--constraint", "node.role==worker", First).Expect();
        lab.Ctl(
            "n1", "service", "update", "--detach", "--image", Second, "--update-parallelism", "1", "--update-delay",
            "1s", "web").Expect();
        Wait.Until("the update has begun", ConvergeSeconds, () => Count("web:2") > 0, Text);
        var leader = lab.Leader("n1");
        lab.Run("kill", leader).Expect();
        var other = Lab.Managers.First(host => host != leader);
        Wait.Until(
            "the update is completed", ConvergeSeconds, () => QuickCtl.Run(
                other, "service", "inspect", "--format", "{{.UpdateStatus.State}}", "web").Output.Trim() == "completed",
            () => lab.ServiceText(other, "web"));
        Assert.Equal(6, lab.Running(other, "web").Count(t => t.Image.Contains("web:2", StringComparison.Ordinal)));
        lab.Run("start", leader).Expect();
    }

    private bool AllRun(int count, string image) =>
        lab.Running("n1", "web") is var tasks && tasks.Count == count && Count(image) == count;

    private int Count(string image) =>
        lab.Running("n1", "web").Count(task => task.Image.Contains(image, StringComparison.Ordinal));

    private bool RunsOn(string host) => lab.Running("n1", "web").Any(task => task.Node == host);

    private string Text() => lab.ServiceText("n1", "web");

    /// <summary>Looks at a number again and again until the end.</summary>
    private sealed class Sampling : IDisposable
    {
        private readonly CancellationTokenSource stop = new();
        private readonly Task run;

        public Sampling(Func<int> number) => run = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                var now = number();
                (Least, Most) = (Math.Min(Least, now), Math.Max(Most, now));
            }
        });

        public int Least { get; private set; } = int.MaxValue;

        public int Most { get; private set; }

        public int End()
        {
            Dispose();
            return Least;
        }

        public void Dispose()
        {
            stop.Cancel();
            run.Wait();
        }
    }
}
