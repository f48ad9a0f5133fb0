using Swarm.Runtime.Containers;
using Swarm.Runtime.Tests.Images;

namespace Swarm.Runtime.Tests.Containers;

/// <summary>A running container looked at from inside and outside: is it as docs/design/runtime.md promises?</summary>
public sealed class AuditTests(ContainerFixture fixture) : IClassFixture<ContainerFixture>
{
    private const long Megabyte = 1 << 20;
    private static readonly string[] s_masked =
    [
        "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
        "/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats", "/sys/devices/virtual/powercap",
        "/sys/firmware",
    ];

    private static readonly string[] s_readOnly =
        ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger", "/sys"];

    [Fact]
    public async Task The_status_of_its_process_shows_no_more_rights_than_promised()
    {
        var pid = await StartAsync(fixture.Shell("sleep 1000") with { Uid = 1000, Gid = 1001, AdditionalGids = [7] });
        var root = await StartAsync(fixture.Shell("sleep 1000"));
        Assert.Equal("1000 1000 1000 1000", Status(pid, "Uid"));
        Assert.Equal("1001 1001 1001 1001", Status(pid, "Gid"));
        Assert.Equal("7", Status(pid, "Groups"));
        Assert.Equal("0000000000000000", Status(pid, "CapEff"));
        Assert.Equal("00000000800004fb", Status(root, "CapEff"));
        foreach (var each in (int[])[pid, root])
        {
            Assert.Equal("00000000800004fb", Status(each, "CapBnd"));
            Assert.Equal("0000000000000000", Status(each, "CapInh"));
            Assert.Equal("0000000000000000", Status(each, "CapAmb"));
            Assert.Equal("1", Status(each, "NoNewPrivs"));
            Assert.Equal("2", Status(each, "Seccomp"));
            foreach (var kind in (string[])["pid", "mnt", "uts", "ipc", "net", "cgroup"])
                Assert.NotEqual(Namespace("self", kind), Namespace($"{each}", kind));
        }
    }

    [Fact]
    public async Task Its_mounts_are_the_kernels_with_their_flags_and_nothing_of_the_host()
    {
        var pid = await StartAsync(fixture.Shell("sleep 1000"));
        var mounts = (await File.ReadAllLinesAsync($"/proc/{pid}/mountinfo")).Select(l => l.Split(' '))
            .ToLookup(f => f[4], f => f);
        foreach (var target in (string[])["/proc", "/sys", "/dev/mqueue", "/dev/shm"])
        {
            Assert.All(
                ["nosuid", "nodev", "noexec"],
                flag => Assert.Contains(flag, mounts[target].Last()[5].Split(',')));
        }

        Assert.All(["nosuid", "noexec"], f => Assert.Contains(f, mounts["/dev/pts"].Last()[5].Split(',')));
        foreach (var target in s_readOnly.Where(Exists))
            Assert.Contains("ro", mounts[target].Last()[5].Split(','));
        Assert.All(
            mounts.Where(m => m.Key.StartsWith("/sys/fs/cgroup/", S)),
            m => Assert.Contains("ro", m.Last()[5].Split(',')));
        // What a container sees of a disk of the host is its own root, and the runtime's blinds.
        Assert.All(
            mounts.Where(m => m.Key is not "/" && m.Last().Contains("ext4")), m => Assert.Fail($"{m.Key} is mounted"));
        Assert.All(mounts.SelectMany(m => m), m => Assert.DoesNotContain(m, f => f.StartsWith("shared:", S)));
    }

    [Fact]
    public async Task What_is_masked_is_empty_and_what_is_read_only_cannot_be_changed()
    {
        var script = string.Join("; ", s_masked.Where(Exists).Select(
            p => $"if [ -d {p} ]; then ls -A {p}; else head -c 9 {p}; fi")) + "; "
            + string.Join("; ", s_readOnly.Where(Directory.Exists).Select(p => $"touch {p}/x && echo WROTE {p}")) + "; "
            + "for f in /proc/sysrq-trigger /proc/sys/kernel/core_pattern /proc/sys/vm/panic_on_oom "
            + "/proc/sys/kernel/modprobe /sys/kernel/uevent_helper /proc/irq/default_smp_affinity; do "
            + "echo x > $f && echo WROTE $f; done; echo end";
        var (_, output) = await fixture.RunAsync(fixture.Shell($"( {script} ) 2>/dev/null"));
        Assert.Equal("end\n", output);
    }

    [Fact]
    public async Task Its_devices_are_the_usual_ones_and_a_node_of_a_disk_opens_nothing()
    {
        var spec = fixture.Shell(
            "exec 2>&1; ls /dev; for d in /tmp/b /tmp/c /tmp/k; do head -c 1 $d && echo OPENED; done; "
            + "head -c 1 /dev/zero | wc -c; ls /proc/self/fd");
        TestTools.Run("mknod", spec.RootfsPath + "/tmp/b", "b", "254", "0");
        TestTools.Run("mknod", spec.RootfsPath + "/tmp/c", "c", "1", "1");
        TestTools.Run("mknod", spec.RootfsPath + "/tmp/k", "c", "1", "11");

        var (_, output) = await fixture.RunAsync(spec);
        Assert.DoesNotContain("OPENED", output, StringComparison.Ordinal);
        Assert.Contains("not permitted", output, StringComparison.Ordinal);
        var names = output.Split('\n').TakeWhile(l => !l.StartsWith("head", S)).ToHashSet();
        HashSet<string> usual =
        [
            "console", "core", "fd", "full", "mqueue", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin",
            "stdout", "tty", "urandom", "zero",
        ];
        Assert.Subset(usual, names);
        Assert.EndsWith("1\n0\n1\n2\n3\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_memory_hog_dies_alone()
    {
        var neighbour = fixture.Shell("while :; do sleep 1; done");
        await fixture.StartAsync(neighbour);
        var hog = fixture.Shell("x=0123456789; while :; do x=$x$x; done") with { MemoryBytes = 32 * Megabyte };
        var (exit, _) = await fixture.RunAsync(hog);
        Assert.True(exit.OutOfMemory);
        Assert.Equal(ContainerPhase.Running, fixture.Runtime.Find(neighbour.Id)!.Phase);
        var files = fixture.Spec("/bin/dd", "if=/dev/zero", "of=/dev/shm/x", "bs=1M", "count=60") with
        {
            MemoryBytes = 32 * Megabyte,
        };
        Assert.True((await fixture.RunAsync(files)).Exit.OutOfMemory, "files in memory count as memory");
    }

    [Fact]
    public async Task A_fork_bomb_and_a_hoarder_of_descriptors_stay_within_their_limits()
    {
        const long most = 48;
        var bomb = fixture.Shell("b() { b | b & }; b; while :; do sleep 1; done") with { PidsLimit = most };
        await fixture.StartAsync(bomb);
        var hoarder = fixture.Shell(
            "ulimit -n; i=3; while [ $i -lt 2000 ]; do eval \"exec $i</dev/null\"; i=$((i+1)); done; echo all") with
        {
            Ulimits = [new ContainerUlimit("nofile", 64, 64)],
        };
        var (_, output) = await fixture.RunAsync(hoarder);
        Assert.StartsWith("64\n", output, StringComparison.Ordinal);
        Assert.DoesNotContain("all", output, StringComparison.Ordinal);
        Assert.True(fixture.Runtime.UsageOf(bomb.Id) is not { Pids: > most });
        // Another container starts and ends meanwhile as if nothing were.
        Assert.Equal(0, (await fixture.RunAsync(fixture.Shell("true"))).Exit.ExitCode);
        await fixture.Runtime.DeleteAsync(bomb.Id, ContainerFixture.Deadline);
        Assert.False(Directory.Exists($"/sys/fs/cgroup/pids{fixture.CgroupParent}/{bomb.Id}"));
    }

    [Fact]
    public async Task A_cpu_burner_gets_the_part_that_it_was_given()
    {
        const double part = 0.2;
        var burner = fixture.Shell("(while :; do :; done) & while :; do :; done") with
        {
            NanoCpus = (long)(part * 1e9),
        };
        await fixture.StartAsync(burner);
        var first = fixture.Runtime.UsageOf(burner.Id)!;
        await ContainerFixture.UntilAsync(
            () => fixture.Runtime.UsageOf(burner.Id)!.CpuNanoseconds - first.CpuNanoseconds > 200_000_000);
        var last = fixture.Runtime.UsageOf(burner.Id)!;
        // A quota is refilled by the period: one more at the beginning, and one at the end, of each of its CPUs.
        var elapsed = (last.At - first.At).TotalSeconds + (0.2 * Environment.ProcessorCount);
        Assert.InRange((last.CpuNanoseconds - first.CpuNanoseconds) / 1e9, 0, part * elapsed);
    }

    private const StringComparison S = StringComparison.Ordinal;

    private static bool Exists(string path) => Path.Exists(path);

    private async Task<int> StartAsync(ContainerSpec spec)
    {
        await fixture.StartAsync(spec);
        var pid = fixture.Runtime.Find(spec.Id)!.Pid;
        await ContainerFixture.UntilAsync(() => File.ReadAllText($"/proc/{pid}/comm").Trim() is "sh" or "sleep");
        return pid;
    }

    private static string Namespace(string process, string kind) =>
        new FileInfo($"/proc/{process}/ns/{kind}").LinkTarget!;

    private static string Status(int pid, string field) => string.Join(' ', File.ReadLines($"/proc/{pid}/status")
        .First(l => l.StartsWith(field + ":", S))[(field.Length + 1)..]
        .Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries));
}
