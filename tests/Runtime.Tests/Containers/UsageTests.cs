using Swarm.Runtime.Containers;

namespace Swarm.Runtime.Tests.Containers;

/// <summary>What a container uses: on fake trees of both versions, and of a real container.</summary>
public sealed class UsageTests(ContainerFixture fixture) : IClassFixture<ContainerFixture>, IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("cgroup").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Version_2()
    {
        Put("cgroup.controllers", "cpu memory pids io");
        Put("s/a/cpu.stat", "usage_usec 1500\nuser_usec 1000\n");
        Put("s/a/memory.current", "5000\n");
        Put("s/a/memory.max", "67108864\n");
        Put("s/a/memory.stat", "anon 1\nfile 2\ninactive_file 1000\n");
        Put("s/a/pids.current", "3\n");
        Put("s/a/io.stat", "8:0 rbytes=10 wbytes=20 rios=1\n8:16 rbytes=1 wbytes=2 rios=1\n");
        var usage = Read();
        Assert.Equal((1_500_000u, 4000u), (usage.CpuNanoseconds, usage.MemoryBytes));
        Assert.Equal(67_108_864u, usage.MemoryLimitBytes);
        Assert.Equal((3u, 11u, 22u), (usage.Pids, usage.ReadBytes, usage.WrittenBytes));
        Put("s/a/memory.max", "max\n");
        Assert.Equal(0u, Read().MemoryLimitBytes);
    }

    [Fact]
    public void Version_1_and_hybrid()
    {
        foreach (var controller in (string[])["memory", "cpuacct", "pids", "blkio"])
            Put(controller + "/cgroup.procs", "");
        Put("cpuacct/s/a/cpuacct.usage", "1500000\n");
        Put("memory/s/a/memory.usage_in_bytes", "5000\n");
        Put("memory/s/a/memory.limit_in_bytes", "67108864\n");
        Put("memory/s/a/memory.stat", "inactive_file 1\ntotal_inactive_file 1000\n");
        Put("pids/s/a/pids.current", "3\n");
        Put(
            "blkio/s/a/blkio.throttle.io_service_bytes",
            "8:0 Read 10\n8:0 Write 20\n8:0 Sync 5\n8:16 Read 1\nTotal 36\n");
        var usage = Read();
        Assert.Equal((1_500_000u, 4000u), (usage.CpuNanoseconds, usage.MemoryBytes));
        Assert.Equal(67_108_864u, usage.MemoryLimitBytes);
        Assert.Equal((3u, 11u, 20u), (usage.Pids, usage.ReadBytes, usage.WrittenBytes));
        Put("memory/s/a/memory.limit_in_bytes", "9223372036854771712\n");
        Assert.Equal(0u, Read().MemoryLimitBytes);
    }

    [Fact]
    public void A_cgroup_that_is_gone_uses_nothing()
    {
        Put("cgroup.controllers", "");
        Assert.Equal((0u, 0u), (Read().CpuNanoseconds, Read().MemoryBytes));
    }

    [Fact]
    public async Task A_real_container_is_seen_with_its_limit_its_processes_and_what_it_was_made_of()
    {
        var spec = fixture.Shell("sleep 60 & i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; wait") with
        {
            MemoryBytes = 32 << 20,
            Labels = new Dictionary<string, string> { ["a"] = "b" },
            About = new ContainerAbout { Name = "web.1", Image = "web:1" },
            OneOff = true,
        };
        await fixture.StartAsync(spec);
        await ContainerFixture.UntilAsync(() => fixture.Runtime.ProcessesOf(spec.Id).Count == 2
            && fixture.Runtime.UsageOf(spec.Id)!.CpuNanoseconds > 0);
        var usage = fixture.Runtime.UsageOf(spec.Id)!;
        Assert.Equal((32u << 20, 2u), (usage.MemoryLimitBytes, usage.Pids));
        Assert.InRange(usage.MemoryBytes, 1u, 32u << 20);
        await fixture.ReopenAsync();
        var (about, state) = (fixture.Runtime.SpecOf(spec.Id)!, fixture.Runtime.Find(spec.Id)!);
        Assert.True(state.OneOff);
        Assert.Equal(("web.1", "web:1", "b"), (about.About.Name, about.About.Image, about.Labels["a"]));
        Assert.InRange(about.About.CreatedAt, DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow);
        Assert.False(fixture.Runtime.IsReleased(spec.Id));
        await fixture.Runtime.ReleaseAsync(spec.Id, ContainerFixture.Deadline);
        Assert.True(fixture.Runtime.IsReleased(spec.Id));
        Assert.Null(fixture.Runtime.UsageOf(spec.Id));
        Assert.Empty(fixture.Runtime.ProcessesOf(spec.Id));
    }

    private ContainerUsage Read() => CgroupUsage.Read(new CgroupTree(_root), "/s/a", 0, DateTimeOffset.UnixEpoch);

    private void Put(string path, string text)
    {
        var whole = Path.Combine(_root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(whole)!);
        File.WriteAllText(whole, text);
    }
}
