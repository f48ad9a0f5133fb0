using System.Globalization;
using System.Text.Json.Nodes;
using Swarm.Runtime.Containers;

namespace Swarm.Runtime.Tests.Containers;

public sealed class AdoptTests : IAsyncLifetime
{
    private readonly ContainerFixture _fixture = new();

    public Task InitializeAsync() => _fixture.InitializeAsync();

    public Task DisposeAsync() => _fixture.DisposeAsync();

    [Fact]
    public async Task Running_and_meanwhile_ended_containers_are_found_again()
    {
        var runs = _fixture.Shell("sleep 1000");
        var ends = _fixture.Shell("while [ ! -e /tmp/go ]; do sleep 0.02; done; echo bye; exit 23");
        var created = _fixture.Shell("exit 3");
        var ended = _fixture.Shell("exit 4");
        await _fixture.StartAsync(runs);
        await _fixture.StartAsync(ends);
        await _fixture.Runtime.CreateAsync(created, ContainerFixture.Deadline);
        await _fixture.RunAsync(ended);
        var pid = _fixture.Runtime.Find(runs.Id)!.Pid;
        var endsPid = _fixture.Runtime.Find(ends.Id)!.Pid;

        await _fixture.ReopenAsync(async () =>
        {
            await File.WriteAllTextAsync(ends.RootfsPath + "/tmp/go", "");
            await ContainerFixture.UntilAsync(() => !Directory.Exists($"/proc/{endsPid}"));
        });

        Assert.Equal((ContainerPhase.Running, pid), Seen(runs.Id));
        Assert.Equal(23, (await _fixture.Runtime.WaitAsync(ends.Id, ContainerFixture.Deadline)).ExitCode);
        Assert.Equal("bye\n", await _fixture.OutputAsync(ends.Id));
        Assert.Equal(4, _fixture.Runtime.Find(ended.Id)!.Exit!.ExitCode);
        Assert.Equal(ContainerPhase.Created, _fixture.Runtime.Find(created.Id)!.Phase);
        await _fixture.Runtime.StartAsync(created.Id, ContainerFixture.Deadline);
        Assert.Equal(3, (await _fixture.Runtime.WaitAsync(created.Id, ContainerFixture.Deadline)).ExitCode);
        await _fixture.Runtime.KillAsync(runs.Id, 9, ContainerFixture.Deadline);
        Assert.Equal(9, (await _fixture.Runtime.WaitAsync(runs.Id, ContainerFixture.Deadline)).Signal);
    }

    [Fact]
    public async Task A_reboot_is_not_mistaken_for_a_running_container()
    {
        var spec = _fixture.Shell("sleep 1000");
        await _fixture.StartAsync(spec);
        await _fixture.Runtime.KillAsync(spec.Id, 9, ContainerFixture.Deadline);
        await _fixture.Runtime.WaitAsync(spec.Id, ContainerFixture.Deadline);
        await _fixture.ReopenAsync(() =>
        {
            var path = $"{_fixture.Root}/data/containers/{spec.Id}";
            var record = JsonNode.Parse(File.ReadAllText(path + "/record.json"))!;
            record["BootId"] = "another-boot";
            record["Exit"] = null;
            File.WriteAllText(path + "/record.json", record.ToJsonString());
            Directory.Delete(path + "/exit", recursive: true);
            return Task.CompletedTask;
        });
        var exit = _fixture.Runtime.Find(spec.Id)!.Exit!;
        Assert.Equal(ContainerExit.UnknownExitCode, exit.ExitCode);
        Assert.Equal(AdoptContainers.HostRestarted, exit.Error);
    }

    [Fact]
    public async Task A_start_that_was_cut_short_is_not_taken_for_a_running_container()
    {
        var spec = _fixture.Shell("exit 6");
        await _fixture.Runtime.CreateAsync(spec, ContainerFixture.Deadline);
        await _fixture.ReopenAsync(() =>
        {
            var path = $"{_fixture.Root}/data/containers/{spec.Id}/record.json";
            var record = JsonNode.Parse(File.ReadAllText(path))!;
            record["StartedAt"] = DateTimeOffset.UtcNow;
            File.WriteAllText(path, record.ToJsonString());
            return Task.CompletedTask;
        });
        Assert.Equal(ContainerPhase.Created, _fixture.Runtime.Find(spec.Id)!.Phase);
        await _fixture.Runtime.StartAsync(spec.Id, ContainerFixture.Deadline);
        Assert.Equal(6, (await _fixture.Runtime.WaitAsync(spec.Id, ContainerFixture.Deadline)).ExitCode);
    }

    [Fact]
    public async Task A_half_made_container_is_removed()
    {
        var spec = _fixture.Shell("sleep 1000");
        await _fixture.Runtime.CreateAsync(spec, ContainerFixture.Deadline);
        var pid = _fixture.Runtime.Find(spec.Id)!.Pid;
        var path = $"{_fixture.Root}/data/containers/{spec.Id}";
        await _fixture.ReopenAsync(() =>
        {
            File.WriteAllText(path + "/record.json", "{ torn");
            return Task.CompletedTask;
        });
        Assert.Null(_fixture.Runtime.Find(spec.Id));
        Assert.False(Directory.Exists(path));
        await ContainerFixture.UntilAsync(() => !Directory.Exists($"/proc/{pid}"));
        Assert.DoesNotContain(spec.Id, new CgroupTree().Children(_fixture.CgroupParent));
        Assert.Contains("half made", _fixture.LogText);
    }

    [Fact]
    public async Task A_container_whose_monitor_dies_does_not_linger()
    {
        var spec = _fixture.Shell("sleep 1000");
        await _fixture.StartAsync(spec);
        var pid = _fixture.Runtime.Find(spec.Id)!.Pid;
        var monitor = int.Parse(
            await File.ReadAllTextAsync($"{_fixture.Root}/data/containers/{spec.Id}/monitor.pid"),
            CultureInfo.InvariantCulture);
        _ = ContainerNative.kill(monitor, 9);
        var exit = await _fixture.Runtime.WaitAsync(spec.Id, ContainerFixture.Deadline);
        Assert.Equal(AdoptContainers.MonitorDied, exit.Error);
        await ContainerFixture.UntilAsync(() => ProcessIdentity.TryOf(pid) is null);
    }

    [Fact]
    public async Task Leftover_cgroups_are_swept_and_strangers_are_not()
    {
        var hierarchy = Directory.Exists("/sys/fs/cgroup/pids") ? "/sys/fs/cgroup/pids" : "/sys/fs/cgroup";
        var leftover = $"{hierarchy}{_fixture.CgroupParent}/leftover";
        var stranger = $"{hierarchy}{_fixture.CgroupParent}x";
        Directory.CreateDirectory(leftover);
        Directory.CreateDirectory(stranger);
        try
        {
            await _fixture.ReopenAsync();
            Assert.False(Directory.Exists(leftover));
            Assert.True(Directory.Exists(stranger));
        }
        finally
        {
            Directory.Delete(stranger);
        }
    }

    private (ContainerPhase Phase, int Pid) Seen(string id)
    {
        var state = _fixture.Runtime.Find(id)!;
        return (state.Phase, state.Pid);
    }
}
