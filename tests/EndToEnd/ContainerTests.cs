namespace Swarm.EndToEnd;

/// <summary>Volumes and containers of a node, of services and of persons.</summary>
[Collection(LabCollection.Name)]
public sealed class ContainerTests : IDisposable
{
    private const int ConvergeSeconds = 60;
    private const string Node = "n4";
    private const string OnNode = "node.hostname==" + Node;
    private readonly Lab lab;

    public ContainerTests(Lab lab)
    {
        this.lab = lab;
        lab.Reset();
    }

    public void Dispose()
    {
        if (OneOffs() is { Length: > 0 } left)
            Ctl(["rm", "-f", "-v", .. left]);
        Ctl("volume", "prune", "-a", "-f");
    }

    [Fact]
    public void A_volume_outlives_its_service_and_is_filled_from_the_image()
    {
        lab.Create(
            "web", "--constraint", OnNode, "--mount", "source=bin-{{.Task.Slot}},target=/bin",
            "--mount", "target=/scratch", $"{Lab.Image}:1").Expect();
        Assert.Equal("bin-1", Ctl("volume", "ls", "-q", "--filter", "name=bin").Output.Trim());
        var refused = Ctl("volume", "rm", "bin-1");
        Assert.Equal(1, refused.ExitCode);
        Assert.Matches("volume is in use by web\\.1\\.", refused.Errors);
        Assert.Equal(2, Ctl("volume", "ls", "-q").Lines.Length);

        lab.Ctl("n1", "service", "rm", "web").Expect();
        Wait.Until("only the named one is left", ConvergeSeconds, () => Ctl("volume", "ls", "-q").Lines is ["bin-1"]);
        Run("--rm", "-v", "bin-1:/data:ro", $"{Lab.Image}:1", "ls", "/data/busybox").Expect();
        Assert.Equal("bin-1", Ctl("volume", "rm", "bin-1").Expect().Output.Trim());
        Assert.Equal(3, Ctl("volume", "inspect", "bin-1").ExitCode);
    }

    [Fact]
    public void A_volume_that_cannot_be_mounted_says_why()
    {
        lab.Create(
            "web", "--detach", "--constraint", OnNode, "--restart-condition", "none", "--mount",
            "source=far,target=/d,volume-opt=type=nfs,volume-opt=device=:/x,volume-opt=o=addr=10.99.0.1",
            $"{Lab.Image}:1").Expect();
        Wait.Until(
            "the task tells", ConvergeSeconds,
            () => lab.Tasks("n1", "web").Any(t => t.Error.Contains("volume far: ", StringComparison.Ordinal)),
            () => lab.ServiceText("n1", "web"));
    }

    /// <summary>ESC-1: what swarmd has open is closed in every program that it starts.</summary>
    [Fact]
    public void The_daemon_leaves_no_descriptor_to_the_programs_it_starts()
    {
        Run("--rm", $"{Lab.Image}:1", "true").Expect();
        var pid = lab.DaemonPid(Node);
        var open = Directory.GetFiles($"/proc/{pid}/fdinfo").Where(f => int.Parse(Path.GetFileName(f)) > 2)
            .Select(f => File.ReadLines(f).First(l => l.StartsWith("flags:", StringComparison.Ordinal))).ToList();
        const int closeOnExec = 0x80000;
        Assert.NotEmpty(open);
        Assert.All(open, f => Assert.NotEqual(0, Convert.ToInt32(f.Split('\t')[1], 8) & closeOnExec));
    }

    [Fact]
    public void Containers_of_services_are_seen_and_replaced_when_somebody_ends_them()
    {
        lab.Create("web", "--constraint", OnNode, "--restart-delay", "1s", $"{Lab.Image}:1").Expect();
        var row = Ctl("container", "ls").Expect().Lines;
        Assert.Equal(2, row.Length);
        Assert.Matches("^CONTAINER ID +IMAGE +COMMAND +CREATED +STATUS +PORTS +NAMES", row[0]);
        Assert.Matches("demo/web:1 +\"/bin/.*\" .* ago +Up .* web\\.1\\.", row[1]);
        var id = Ctl("ps", "-q", "--no-trunc").Output.Trim();
        Assert.Equal("running web", Inspect(id, "{{.State.Status}} {{.Service.Name}}"));
        Assert.Equal("1\n", Ctl("exec", "web.1", "sh", "-c", "echo $SWARM_TASK_SLOT").Expect().Output);
        Assert.Contains("/bin/web", Ctl("top", id).Expect().Output, StringComparison.Ordinal);
        Assert.Matches("\\d+\\.\\d\\d% +[\\d.]+.iB / [\\d.]+.iB ", Ctl("stats", "--no-stream").Expect().Output);
        var refused = Ctl("container", "rm", id);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("runs a task of service web", refused.Errors, StringComparison.Ordinal);

        Ctl("container", "stop", "-t", "1", id).Expect();
        Wait.Until("another took its place", ConvergeSeconds, () => Others(id).Length == 1);
        var second = Others(id).Single();
        Ctl("container", "rm", "-f", second).Expect();
        Assert.Equal(3, Ctl("container", "inspect", second).ExitCode);
        Wait.Until(
            "a third one came", ConvergeSeconds, () => Others(id).Length == 1 && !Others(id).Contains(second));
        Assert.Equal(3, Ctl("kill", "-s", "TERM", "nosuch").ExitCode);
    }

    [Fact]
    public void A_container_runs_once_with_its_output_and_exit_code()
    {
        var ran = Run("--rm", $"{Lab.Image}:1", "sh", "-c", "echo out; echo err >&2; exit 5");
        Assert.Equal((5, "out\n"), (ran.ExitCode, ran.Output));
        Assert.EndsWith("err\n", ran.Errors, StringComparison.Ordinal);
        Assert.Empty(OneOffs());
        Assert.Equal("TYPED", lab.CtlReads(
            Node, "typed\n", "run", "--rm", "-i", $"{Lab.Image}:1", "tr", "a-z", "A-Z").Expect().Output.Trim());
        Assert.Equal(127, Run("--rm", $"{Lab.Image}:1", "/no/such").ExitCode);
        Assert.Equal(126, Run("--rm", $"{Lab.Image}:1", "/tmp").ExitCode);
        var missing = Run("--rm", "10.99.0.5:5000/no/such:1");
        Assert.Equal(125, missing.ExitCode);
        Assert.Contains("Unable to find image", missing.Errors, StringComparison.Ordinal);
        Assert.Equal("7 67108864 /tmp", Run(
            "--rm", "-u", "7", "-m", "64m", "-w", "/tmp", "-e", "A=1", "--network", "none", $"{Lab.Image}:1",
            "sh", "-c", "echo $(id -u) $(cat /sys/fs/cgroup/memory/memory.limit_in_bytes) $(pwd)")
            .Expect().Output.Trim());
        Assert.Empty(OneOffs());
        Assert.Empty(Ctl("volume", "ls", "-q").Lines);
    }

    [Fact]
    public void A_container_that_the_swarm_places_feels_like_one_of_this_node()
    {
        var placed = new[] { "run", "--rm", "--constraint", OnNode };
        var ran = lab.Ctl("n2", [.. placed, $"{Lab.Image}:1", "sh", "-c", "hostname -i; echo err >&2; exit 5"]);
        Assert.Equal((5, "err\n"), (ran.ExitCode, ran.Errors));
        Assert.StartsWith("10.64.", ran.Output, StringComparison.Ordinal);
        Assert.Equal("TYPED", lab.CtlReads(
            "n1", "typed\n", "run", "--rm", "-i", "--node", Node, $"{Lab.Image}:1", "tr", "a-z", "A-Z")
            .Expect().Output.Trim());
        Assert.Equal(127, lab.Ctl("n1", [.. placed, $"{Lab.Image}:1", "/no/such"]).ExitCode);
        var missing = lab.Ctl("n1", [.. placed, "10.99.0.5:5000/no/such:1"]);
        Assert.Equal(125, missing.ExitCode);
        Assert.Contains("10.99.0.5:5000/no/such:1", missing.Errors, StringComparison.Ordinal);
        var terminal = CommandResult.Of(
            "script", ["-qec", $"stty rows 33 cols 99; ./lab ctl n3 {string.Join(' ', placed)} -it {Lab.Image}:1 sh",
                "/dev/null"], "stty size; exit 3\n");
        Assert.Contains("33 99", terminal.Output, StringComparison.Ordinal);
        Assert.Equal(3, terminal.ExitCode);
        var id = lab.Ctl("n1", [.. placed, "-d", $"{Lab.Image}:1", "sleep", "0.2"]).Expect().Lines[^1];
        Wait.Until(
            "it went by itself", ConvergeSeconds, () => QuickCtl.Run("n1", "service", "inspect", id).ExitCode == 3);
        Assert.Empty(lab.Ctl("n1", "service", "ls", "-q").Expect().Lines);
    }

    [Fact]
    public void A_container_in_the_background_outlives_the_daemon_and_is_reached_by_its_port()
    {
        using var patience = lab.WaitLongForNodes();
        var id = Run(
            "-d", "--name", "front", "-p", "8099:80", "-v", "kept:/data", "-v", "/own", $"{Lab.Image}:1")
            .Expect().Lines[^1];
        Wait.Until("it answers", ConvergeSeconds, () => Lab.Get(Node, 8099) is not null);
        var said = Ctl("exec", "-e", "A=b", "-w", "/tmp", "front", "sh", "-c", "echo $A $PWD; exit 7");
        Assert.Equal((7, "b /tmp\n"), (said.ExitCode, said.Output));
        Ctl("container", "cp", "front:/bin/busybox", "/tmp/swarm-e2e-copy").Expect();
        File.Delete("/tmp/swarm-e2e-copy");
        Assert.Equal(3, Ctl("exec", "nosuch", "true").ExitCode);
        Assert.Contains("8099->80/tcp", Ctl("ps").Expect().Output, StringComparison.Ordinal);
        var taken = Run("-d", "-p", "8099:80", $"{Lab.Image}:1");
        Assert.Equal(125, taken.ExitCode);
        Assert.True(taken.Errors.Contains("8099", StringComparison.Ordinal), taken.Text);
        lab.Create("web", "--replicas", "0", "--publish", "8098:80", $"{Lab.Image}:1").Expect();
        Wait.Until(
            "what a service has on every node is taken too", ConvergeSeconds,
            () => Run("--rm", "-p", "8098:80", $"{Lab.Image}:1", "true") is { ExitCode: 125 } refused
                && refused.Errors.Contains("is published by service", StringComparison.Ordinal));
        Assert.Equal(125, Run("-d", "--name", "front", $"{Lab.Image}:1").ExitCode);
        Assert.Contains("stop it first", Ctl("rm", "front").Errors, StringComparison.Ordinal);

        lab.Run("kill", Node).Expect();
        lab.Run("start", Node).Expect();
        Wait.Until("it still answers", ConvergeSeconds, () => Lab.Get(Node, 8099) is not null);
        Assert.Equal("running", Inspect(id, "{{.State.Status}}"));
        Ctl("stop", "-t", "1", "front").Expect();
        Assert.Matches("Exited \\(\\d+\\)", Ctl("ps", "-a").Expect().Output);
        Assert.Contains("in use by front", Ctl("volume", "rm", "kept").Errors, StringComparison.Ordinal);
        Ctl("rm", "-v", "front").Expect();
        Assert.Equal("kept", Ctl("volume", "ls", "-q").Output.Trim());
    }

    [Fact]
    public void A_terminal_feels_like_one()
    {
        var command = $"./lab ctl {Node} run --rm -it {Lab.Image}:1 sh";
        var ran = CommandResult.Of(
            "script", ["-qec", $"stty rows 33 cols 99; {command}", "/dev/null"],
            "tty; stty size; echo a\\b; exit 3\n");
        Assert.Contains("/dev/pts/0", ran.Output, StringComparison.Ordinal);
        Assert.Contains("33 99", ran.Output, StringComparison.Ordinal);
        Assert.Equal(3, ran.ExitCode);
        Assert.Empty(OneOffs());
    }

    private CommandResult Ctl(params string[] arguments) => lab.Ctl(Node, arguments);

    private CommandResult Run(params string[] arguments) => lab.Ctl(Node, ["run", .. arguments]);

    private string[] OneOffs() => QuickCtl.Run(Node, "ps", "-aq", "--filter", "is-task=false").Lines;

    private string Inspect(string id, string format) =>
        Ctl("container", "inspect", "-f", format, id).Expect().Output.Trim();

    private string[] Others(string id) =>
        [.. QuickCtl.Run(Node, "ps", "-q", "--no-trunc").Lines.Where(other => other != id)];
}
