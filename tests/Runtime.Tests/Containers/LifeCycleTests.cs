using Swarm.Runtime.Containers;

namespace Swarm.Runtime.Tests.Containers;

public sealed class LifeCycleTests(ContainerFixture fixture) : IClassFixture<ContainerFixture>
{
    [Fact]
    public void The_probe_says_what_it_chose_and_why()
    {
        var info = fixture.Runtime.Info;
        Assert.Contains(info.Runtime, new[] { "crun", "runc" });
        Assert.NotEmpty(info.Version);
        Assert.Contains("conmon", info.Monitor);
        Assert.Contains(info.Runtime, info.Notes);
        Assert.DoesNotContain('\n', info.Notes);
    }

    [Theory]
    [InlineData("exit 0", 0, null)]
    [InlineData("exit 42", 42, null)]
    [InlineData("exec sleep 1000 & kill -9 $!; wait $!", 137, 9)]
    [InlineData("kill -TERM $$; sleep 0.1; exit 7", 7, null)]
    public async Task The_exit_code_is_the_programs(string script, int code, int? signal)
    {
        var (exit, _) = await fixture.RunAsync(fixture.Shell(script));
        Assert.Equal(code, exit.ExitCode);
        Assert.Equal(signal, exit.Signal);
        Assert.False(exit.OutOfMemory);
        Assert.Null(exit.Error);
    }

    [Fact]
    public async Task Ulimits_sysctls_and_the_oom_score_are_those_that_were_asked_for()
    {
        var spec = fixture.Shell(
            "ulimit -n; ulimit -Hn; cat /proc/self/oom_score_adj /proc/sys/net/ipv4/ip_unprivileged_port_start "
            + "/proc/sys/kernel/msgmax") with
        {
            Ulimits = [new ContainerUlimit("nofile", 128, 256)],
            Sysctls = new Dictionary<string, string>
            {
                ["net.ipv4.ip_unprivileged_port_start"] = "77", ["kernel.msgmax"] = "4096",
            },
            OomScoreAdj = 300,
        };
        var (exit, output) = await fixture.RunAsync(spec);
        Assert.Null(exit.Error);
        Assert.Equal("128\n256\n300\n77\n4096\n", output);
    }

    [Fact]
    public async Task A_thousandth_of_a_cpu_is_enough_to_start()
    {
        var (exit, _) = await fixture.RunAsync(fixture.Shell("exit 3") with { NanoCpus = 1_000_000 });
        Assert.Equal((3, null), (exit.ExitCode, exit.Error));
    }

    /// <summary>A worker removes what is nobody's task and not a person's either, at any moment.</summary>
    [Fact]
    public async Task A_container_of_a_person_is_one_while_it_is_made()
    {
        var spec = fixture.Spec("/bin/true") with { OneOff = true };
        var creating = Task.Run(() => fixture.Runtime.CreateAsync(spec, ContainerFixture.Deadline));
        var seen = new List<ContainerState>();
        while (!creating.IsCompleted)
            seen.AddRange(fixture.Runtime.List().Where(c => c.Id == spec.Id));
        await creating;
        await fixture.Runtime.DeleteAsync(spec.Id, ContainerFixture.Deadline);
        Assert.Contains(seen, c => c.Phase == ContainerPhase.Creating);
        Assert.All(seen, c => Assert.True(c.OneOff));
    }

    [Fact]
    public async Task States_go_from_created_over_running_to_exited()
    {
        var spec = fixture.Shell("sleep 1000");
        var created = await fixture.Runtime.CreateAsync(spec, ContainerFixture.Deadline);
        Assert.Equal(ContainerPhase.Created, created.Phase);
        Assert.True(created.Pid > 0);
        await fixture.Runtime.StartAsync(spec.Id, ContainerFixture.Deadline);
        Assert.Equal(ContainerPhase.Running, fixture.Runtime.Find(spec.Id)!.Phase);
        Assert.NotNull(fixture.Runtime.Find(spec.Id)!.StartedAt);
        await fixture.Runtime.KillAsync(spec.Id, 9, ContainerFixture.Deadline);
        var exit = await fixture.Runtime.WaitAsync(spec.Id, ContainerFixture.Deadline);
        Assert.Equal((137, (int?)9), (exit.ExitCode, exit.Signal));
        Assert.Equal(ContainerPhase.Exited, fixture.Runtime.Find(spec.Id)!.Phase);
        var again = await Assert.ThrowsAsync<ContainerException>(
            () => fixture.Runtime.StartAsync(spec.Id, ContainerFixture.Deadline));
        Assert.Contains("Exited", again.Message);
    }

    [Fact]
    public async Task Stop_lets_a_willing_program_end_by_itself()
    {
        var spec = fixture.Shell("trap 'exit 5' USR1; echo up; while :; do sleep 0.05; done") with
        {
            StopSignal = "SIGUSR1",
        };
        await fixture.StartAsync(spec);
        await ContainerFixture.UntilAsync(
            () => fixture.OutputAsync(spec.Id).Result.Contains("up", StringComparison.Ordinal));
        var exit = await fixture.Runtime.StopAsync(spec.Id, ContainerFixture.Deadline);
        Assert.Equal(5, exit.ExitCode);
    }

    [Fact]
    public async Task Stop_ends_with_a_kill_when_the_program_does_not_listen()
    {
        var spec = fixture.Spec("/bin/sleep", "1000");
        await fixture.StartAsync(spec);
        var exit = await fixture.Runtime.StopAsync(
            spec.Id, "SIGTERM", TimeSpan.FromMilliseconds(200), ContainerFixture.Deadline);
        Assert.Equal(9, exit.Signal);
    }

    [Fact]
    public async Task An_init_passes_the_signal_on()
    {
        var spec = fixture.Spec("/bin/sleep", "1000") with { Init = true };
        await fixture.StartAsync(spec);
        var pid = fixture.Runtime.Find(spec.Id)!.Pid;
        await ContainerFixture.UntilAsync(() => File.ReadAllText($"/proc/{pid}/task/{pid}/children").Length > 0);
        var exit = await fixture.Runtime.StopAsync(
            spec.Id, "SIGTERM", TimeSpan.FromSeconds(20), ContainerFixture.Deadline);
        Assert.Equal(143, exit.ExitCode);
    }

    [Theory]
    [InlineData("/nosuch", "exec /nosuch: no such file or directory; the image has no such program: check")]
    [InlineData("nosuch", "exec nosuch: no such file or directory; the image has no such program: check")]
    [InlineData("/etc/plain", "exec /etc/plain: permission denied; it must be a file that its user may execute")]
    [InlineData("/etc", "exec /etc: operation not permitted; it must be a file that its user may execute")]
    public async Task A_bad_entrypoint_gives_a_readable_error(string program, string message)
    {
        var spec = fixture.Spec(program);
        await File.WriteAllTextAsync(spec.RootfsPath + "/etc/plain", "x");
        var error = await Assert.ThrowsAsync<ContainerException>(
            () => fixture.Runtime.CreateAsync(spec, ContainerFixture.Deadline));
        Assert.StartsWith(message, error.Message);
        Assert.Null(fixture.Runtime.Find(spec.Id));
        AssertNothingLeft(spec.Id, 0);
    }

    [Fact]
    public async Task A_program_of_another_format_ends_with_a_failure_and_a_word_in_the_log()
    {
        var spec = fixture.Spec("/etc/plain");
        await File.WriteAllTextAsync(spec.RootfsPath + "/etc/plain", "x");
        File.SetUnixFileMode(spec.RootfsPath + "/etc/plain", UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var message = "";
        try
        {
            var (exit, output) = await fixture.RunAsync(spec);
            Assert.NotEqual(0, exit.ExitCode);
            message = output;
        }
        catch (ContainerException e)
        {
            message = e.Message;
        }
        Assert.Contains("format error", message.ToLowerInvariant());
    }

    [Fact]
    public async Task An_id_is_taken_until_it_is_deleted()
    {
        var spec = fixture.Shell("true");
        await fixture.Runtime.CreateAsync(spec, ContainerFixture.Deadline);
        var error = await Assert.ThrowsAsync<ContainerException>(
            () => fixture.Runtime.CreateAsync(spec, ContainerFixture.Deadline));
        Assert.Contains("exists already", error.Message);
        await fixture.Runtime.DeleteAsync(spec.Id, ContainerFixture.Deadline);
        await fixture.Runtime.CreateAsync(spec, ContainerFixture.Deadline);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Nothing_is_left_after_delete(bool started)
    {
        var spec = fixture.Shell("sleep 1000 & sleep 1000");
        var mounts = await File.ReadAllLinesAsync("/proc/self/mounts");
        var pid = (await fixture.Runtime.CreateAsync(spec, ContainerFixture.Deadline)).Pid;
        if (started)
            await fixture.Runtime.StartAsync(spec.Id, ContainerFixture.Deadline);
        await fixture.Runtime.DeleteAsync(spec.Id, ContainerFixture.Deadline);
        await fixture.Runtime.DeleteAsync(spec.Id, ContainerFixture.Deadline);
        Assert.Null(fixture.Runtime.Find(spec.Id));
        AssertNothingLeft(spec.Id, pid);
        Assert.Equal(mounts.Length, (await File.ReadAllLinesAsync("/proc/self/mounts")).Length);
    }

    [Fact]
    public async Task Many_containers_at_once()
    {
        var specs = Enumerable.Range(0, 20).Select(i => fixture.Shell($"exit {i}")).ToArray();
        var results = await Task.WhenAll(specs.Select(fixture.RunAsync));
        Assert.Equal(Enumerable.Range(0, 20), results.Select(r => r.Exit.ExitCode));
        await Task.WhenAll(specs.Select(s => fixture.Runtime.DeleteAsync(s.Id, ContainerFixture.Deadline)));
    }

    private void AssertNothingLeft(string id, int pid)
    {
        Assert.False(Directory.Exists($"{fixture.Root}/data/containers/{id}"));
        Assert.False(Path.Exists($"{fixture.Root}/data/run/oci/{id}"));
        Assert.False(Path.Exists($"{fixture.Root}/data/run/attach/{id}"));
        Assert.DoesNotContain(id, new CgroupTree().Children(fixture.CgroupParent));
        Assert.False(pid > 0 && Directory.Exists($"/proc/{pid}"));
    }
}
