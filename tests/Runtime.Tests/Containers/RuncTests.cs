using Swarm.Runtime.Containers;

namespace Swarm.Runtime.Tests.Containers;

/// <summary>The second choice must be as good as the first.</summary>
public sealed class RuncTests : IAsyncLifetime
{
    private readonly ContainerFixture _fixture = new() { Runtimes = ["no-such-runtime", "runc"] };

    public Task InitializeAsync() => _fixture.InitializeAsync();

    public Task DisposeAsync() => _fixture.DisposeAsync();

    [Fact]
    public async Task Runc_runs_containers_under_the_same_rules()
    {
        Assert.Equal("runc", _fixture.Runtime.Info.Runtime);
        Assert.Contains("no-such-runtime is not installed", _fixture.Runtime.Info.Notes);
        var (exit, output) = await _fixture.RunAsync(_fixture.Shell(
            "grep -E 'CapEff|NoNewPrivs|Seccomp:' /proc/self/status; unshare -n true && echo REACHED; exit 12"));
        Assert.Equal(12, exit.ExitCode);
        Assert.Contains("CapEff:\t00000000800004fb\nNoNewPrivs:\t1\nSeccomp:\t2\n", output);
        Assert.DoesNotContain("REACHED", output);
        var hog = _fixture.Shell("x=0123456789; while :; do x=$x$x; done") with { MemoryBytes = 32 << 20 };
        Assert.True((await _fixture.RunAsync(hog)).Exit.OutOfMemory);
        var missing = _fixture.Spec("/nosuch");
        var error = await Assert.ThrowsAsync<ContainerException>(async () =>
        {
            await _fixture.Runtime.CreateAsync(missing, ContainerFixture.Deadline);
            await _fixture.Runtime.StartAsync(missing.Id, ContainerFixture.Deadline);
        });
        Assert.StartsWith("exec /nosuch: no such file or directory; ", error.Message);
    }

    [Fact]
    public async Task A_command_beside_the_program_has_the_same_walls_and_is_killed_when_its_time_is_over()
    {
        var spec = _fixture.Shell("sleep 60") with { Uid = 7, Env = ["PATH=/bin"] };
        await _fixture.StartAsync(spec);
        Task<ExecResult> Sh(string script, int seconds) => _fixture.Runtime.ExecAsync(
            spec.Id, new ContainerExec(["/bin/sh", "-c", script], TimeSpan.FromSeconds(seconds), 4096),
            ContainerFixture.Deadline);
        var walls = await Sh("id -u; grep -E 'NoNewPrivs|Seccomp:' /proc/self/status; exit 4", 20);
        Assert.Equal((4, "7\nNoNewPrivs:\t1\nSeccomp:\t2\n"), (walls.ExitCode, walls.Output));
        Assert.True((await Sh("sleep 4713 & sleep 4713; echo never", 1)).TimedOut);
        Assert.DoesNotContain("4713", (await Sh("cat /proc/[0-9]*/cmdline", 20)).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_runtime_at_all_is_said_clearly()
    {
        var error = await Assert.ThrowsAsync<ContainerException>(() => ContainerRuntime.OpenAsync(
            _fixture.Options with { Runtimes = ["no-such-runtime"] }, ContainerFixture.Deadline));
        Assert.Contains("install crun or runc", error.Message);
    }
}
