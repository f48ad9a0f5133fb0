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
        Assert.Equal("exec /nosuch: no such file or directory", error.Message);
    }

    [Fact]
    public async Task No_runtime_at_all_is_said_clearly()
    {
        var error = await Assert.ThrowsAsync<ContainerException>(() => ContainerRuntime.OpenAsync(
            _fixture.Options with { Runtimes = ["no-such-runtime"] }, ContainerFixture.Deadline));
        Assert.Contains("install crun or runc", error.Message);
    }
}
