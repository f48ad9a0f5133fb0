using Swarm.Runtime.Containers;

namespace Swarm.Runtime.Tests.Containers;

/// <summary>A command in a running container has its walls, and leaves nothing when its time is over.</summary>
public sealed class ExecTests(ContainerFixture fixture) : IClassFixture<ContainerFixture>
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task It_runs_as_the_program_of_the_container_does()
    {
        var spec = fixture.Shell("sleep 60") with { Uid = 7, Gid = 8, Env = ["PATH=/bin", "A=b"], Cwd = "/tmp" };
        await fixture.StartAsync(spec);
        var result = await Sh(spec, "id -u; id -g; echo $A; pwd; echo oops >&2; exit 3");
        Assert.Equal((3, "7\n8\nb\n/tmp\noops\n", false), (result.ExitCode, result.Output, result.TimedOut));
    }

    [Fact]
    public async Task It_is_behind_the_same_walls()
    {
        var spec = fixture.Shell("cat /proc/self/status /proc/self/cgroup > /tmp/own; sleep 60");
        await fixture.StartAsync(spec);
        await ContainerFixture.UntilAsync(() => File.Exists(spec.RootfsPath + "/tmp/own"));
        string[] words = ["CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:", "NoNewPrivs:", "Seccomp:"];
        static string[] Of(string text, string[] words) =>
            [.. text.Split('\n').Where(l => words.Any(w => l.StartsWith(w, StringComparison.Ordinal)))];
        await Task.Delay(100);
        var own = await File.ReadAllTextAsync(spec.RootfsPath + "/tmp/own");
        var other = (await Sh(spec, "cat /proc/self/status /proc/self/cgroup")).Output;
        Assert.Equal(Of(own, words), Of(other, words));
        Assert.Contains("Seccomp:\t2", other, StringComparison.Ordinal);
        Assert.Equal(own.Split('\n').Where(l => l.Contains(":/")), other.Split('\n').Where(l => l.Contains(":/")));
        Assert.NotEqual(0, (await Sh(spec, "unshare -m true")).ExitCode);
    }

    [Fact]
    public async Task What_takes_too_long_is_killed_with_all_that_it_started()
    {
        var spec = fixture.Shell("sleep 60");
        await fixture.StartAsync(spec);
        var began = Environment.TickCount64;
        var result = await fixture.Runtime.ExecAsync(
            spec.Id,
            new ContainerExec(
                ["/bin/sh", "-c", "echo before; sleep 4711 & sleep 4711; echo never"], TimeSpan.FromSeconds(1), 4096),
            ContainerFixture.Deadline);
        Assert.True(result.TimedOut);
        Assert.Equal("before\n", result.Output);
        Assert.True(Environment.TickCount64 - began < 15_000);
        Assert.DoesNotContain("4711", await Processes(spec), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(fixture.Root + "/data/containers/" + spec.Id, "exec-*"));
    }

    [Fact]
    public async Task Called_off_it_is_killed()
    {
        var spec = fixture.Shell("sleep 60");
        await fixture.StartAsync(spec);
        using var stop = new CancellationTokenSource();
        var exec = fixture.Runtime.ExecAsync(
            spec.Id, new ContainerExec(["/bin/sleep", "4712"], Long, 4096), stop.Token);
        while (!(await Processes(spec)).Contains("4712", StringComparison.Ordinal))
        {
            await Task.Delay(20, ContainerFixture.Deadline);
        }

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => exec);
        Assert.DoesNotContain("4712", await Processes(spec), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Output_is_bounded_and_what_is_left_running_is_not_waited_for()
    {
        var spec = fixture.Shell("sleep 60");
        await fixture.StartAsync(spec);
        var result = await fixture.Runtime.ExecAsync(
            spec.Id,
            new ContainerExec(
                ["/bin/sh", "-c", "sleep 30 & dd if=/dev/zero bs=65536 count=20 2>/dev/null"], Long, 1000),
            ContainerFixture.Deadline);
        Assert.Equal((0, 1000, false), (result.ExitCode, result.Output.Length, result.TimedOut));
    }

    [Fact]
    public async Task What_cannot_be_run_says_so()
    {
        var spec = fixture.Shell("sleep 60");
        await fixture.StartAsync(spec);
        var result = await fixture.Runtime.ExecAsync(
            spec.Id, new ContainerExec(["/bin/nosuch"], Long, 4096), ContainerFixture.Deadline);
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("nosuch", result.Output, StringComparison.Ordinal);
        await fixture.Runtime.DeleteAsync(spec.Id, ContainerFixture.Deadline);
        await Assert.ThrowsAsync<ContainerException>(() => Sh(spec, "true"));
    }

    private Task<ExecResult> Sh(ContainerSpec spec, string script) => fixture.Runtime.ExecAsync(
        spec.Id, new ContainerExec(["/bin/sh", "-c", script], Long, 64 * 1024), ContainerFixture.Deadline);

    private async Task<string> Processes(ContainerSpec spec) =>
        (await Sh(spec, "cat /proc/[0-9]*/cmdline")).Output;
}
