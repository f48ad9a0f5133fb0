namespace Swarm.EndToEnd;

/// <summary>A container counts when it is well, and is replaced when it is not.</summary>
[Collection(LabCollection.Name)]
public sealed class HealthTests
{
    private const int ConvergeSeconds = 60;
    private const int Port = 8080;
    private const string OnN4 = "node.hostname==n4";
    private readonly Lab lab;

    public HealthTests(Lab lab)
    {
        this.lab = lab;
        lab.Reset();
    }

    [Fact]
    public void A_task_is_starting_until_it_is_healthy_and_fails_when_it_is_not()
    {
        Create("--publish", $"{Port}:80");
        Wait.Until("it is starting", ConvergeSeconds, () => State() == "Starting", Text);
        var pid = lab.WebProcesses("n4").Single();
        Thread.Sleep(3_000);
        Assert.Equal("Starting", State());
        Assert.Null(Lab.Get("n1", Port));

        Touch(pid);
        Wait.Until("it runs", ConvergeSeconds, () => State() == "Running", Text);
        Wait.Until("it answers", 20, () => Lab.Get("n1", Port) is not null, Text);
        Assert.Equal(pid, lab.WebProcesses("n4").Single());

        lab.Sh("n4", "rm", $"/proc/{pid}/root/tmp/well").Expect();
        Wait.Until(
            "it is replaced", ConvergeSeconds,
            () => lab.Tasks("n1", "web") is { Count: > 1 } tasks && tasks.Any(t =>
                t.CurrentState.StartsWith("Failed", StringComparison.Ordinal)
                && t.Error.Contains("unhealthy container", StringComparison.Ordinal)
                && t.Error.Contains("not well at all", StringComparison.Ordinal)),
            Text);
        Wait.Until(
            "another container is there", ConvergeSeconds,
            () => lab.WebProcesses("n4") is [{ } other] && other != pid, Text);
    }

    [Fact]
    public void A_restarted_daemon_goes_on_checking()
    {
        using var patience = lab.WaitLongForNodes();
        Create();
        Wait.Until("it is starting", ConvergeSeconds, () => State() == "Starting", Text);
        var pid = lab.WebProcesses("n4").Single();
        lab.Run("kill", "n4").Expect();
        lab.Run("start", "n4").Expect();
        Wait.Until(
            "n4 is ready", ConvergeSeconds,
            () => lab.Nodes("n1").Any(n => n is { Hostname: "n4", IsUsable: true }), Text);
        Thread.Sleep(2_000);
        Assert.Equal("Starting", State());
        Touch(pid);
        Wait.Until("it runs", ConvergeSeconds, () => State() == "Running", Text);
        lab.Run("kill", "n4").Expect();
        lab.Run("start", "n4").Expect();
        lab.Sh("n4", "rm", $"/proc/{pid}/root/tmp/well").Expect();
        Wait.Until(
            "it fails", ConvergeSeconds,
            () => lab.Tasks("n1", "web").Any(t => t.Error.Contains("unhealthy", StringComparison.Ordinal)), Text);
    }

    [Fact]
    public void An_update_to_something_that_is_never_well_stops()
    {
        lab.Create("web", "--replicas", "3", $"{Lab.Image}:1").Expect();
        var update = lab.Ctl(
            "n1", "service", "update", "--health-cmd", "echo no; false", "--health-interval", "200ms",
            "--health-retries", "2", "--update-monitor", "1s", "web");
        Assert.NotEqual(0, update.ExitCode);
        Assert.Contains("paused", update.Text, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(2, lab.Running("n1", "web").Count);
        lab.Ctl("n1", "service", "update", "--update-monitor", "1s", "--no-healthcheck", "web").Expect();
        Assert.Equal(3, lab.Running("n1", "web").Count);
    }

    [Fact]
    public void A_start_period_is_patient_and_a_timeout_is_not()
    {
        lab.Create(
            "web", "--constraint", OnN4, "--health-cmd", "test -f /tmp/well || { touch /tmp/well; sleep 100; }",
            "--health-timeout", "500ms", "--health-retries", "1", "--health-interval", "300ms",
            "--health-start-period", "30s", "--health-start-interval", "200ms", $"{Lab.Image}:1").Expect();
        Assert.Single(lab.Tasks("n1", "web"));
        Assert.Empty(lab.Sh("n4", "pgrep", "-f", "sleep 100").Lines);
    }

    [Theory]
    [InlineData("--health-interval", "1us", "cannot be less than 1ms")]
    [InlineData("--health-retries", "-1", "cannot be negative")]
    [InlineData("--health-timeout", "10", "not a duration")]
    [InlineData("--no-healthcheck", "--health-cmd=true", "conflicts")]
    public void What_makes_no_sense_is_refused(string flag, string value, string mentioned)
    {
        var refused = lab.Ctl(
            "n1", value.StartsWith("--", StringComparison.Ordinal)
                ? ["service", "create", "--dry-run", flag, value, $"{Lab.Image}:1"]
                : ["service", "create", "--dry-run", $"{flag}={value}", $"{Lab.Image}:1"]);
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains(mentioned, refused.Errors, StringComparison.Ordinal);
    }

    private void Create(params string[] more) => lab.Create(
        "web",
        [
            "--detach", "--constraint", OnN4, "--restart-delay", "1s", "--health-retries", "3",
            "--health-interval", "300ms", "--health-start-period", "10m", "--health-start-interval", "300ms",
            "--health-cmd", "test -f /tmp/well || { echo not well at all; exit 1; }", .. more, $"{Lab.Image}:1",
        ]).Expect();

    private void Touch(string pid) => lab.Sh("n4", "touch", $"/proc/{pid}/root/tmp/well").Expect();

    private string State() =>
        lab.Tasks("n1", "web").FirstOrDefault(t => t.DesiredState == "Running")?.CurrentState.Split(' ')[0] ?? "";

    private string Text() => lab.ServiceText("n1", "web");
}
