using Swarm.Runtime.Containers;

namespace Swarm.Runtime.Tests.Containers;

public sealed class IsolationTests(ContainerFixture fixture) : IClassFixture<ContainerFixture>
{
    [Fact]
    public async Task Environment_user_directory_and_names_are_as_asked()
    {
        var spec = fixture.Shell("echo $FOO; pwd; id -u; id -g; id -G; hostname; cat /etc/hosts /etc/resolv.conf") with
        {
            Env = ["PATH=/bin", "FOO=a b=c"],
            Cwd = "/tmp",
            Uid = 1234,
            Gid = 2345,
            AdditionalGids = [77],
            Hostname = "web-1",
            Hosts = "127.0.0.1 localhost",
            ResolvConf = "nameserver 10.0.0.1",
        };
        var (exit, output) = await fixture.RunAsync(spec);
        Assert.Equal(
            "a b=c\n/tmp\n1234\n2345\n2345 77\nweb-1\n127.0.0.1 localhostnameserver 10.0.0.1\n",
            output);
        Assert.Equal(0, exit.ExitCode);
    }

    [Fact]
    public async Task Capabilities_are_few_and_nothing_is_inheritable()
    {
        var (_, output) = await fixture.RunAsync(fixture.Shell("grep -E 'Cap|NoNewPrivs|Seccomp:' /proc/self/status"));
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(l => l.Split(':', StringSplitOptions.TrimEntries)).ToDictionary(p => p[0], p => p[1]);
        // CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID NET_BIND_SERVICE SETFCAP
        const string Expected = "00000000800004fb";
        Assert.Equal(Expected, lines["CapEff"]);
        Assert.Equal(Expected, lines["CapPrm"]);
        Assert.Equal(Expected, lines["CapBnd"]);
        Assert.Equal("0000000000000000", lines["CapInh"]);
        Assert.Equal("0000000000000000", lines["CapAmb"]);
        Assert.Equal("1", lines["NoNewPrivs"]);
        Assert.Equal("2", lines["Seccomp"]);
    }

    [Theory]
    [InlineData("mount -t tmpfs none /tmp")]
    [InlineData("unshare -n true")]
    [InlineData("unshare -U true")]
    [InlineData("echo 1 > /proc/sysrq-trigger")]
    [InlineData("echo x > /proc/sys/kernel/core_pattern")]
    [InlineData("test -s /proc/keys")]
    [InlineData("test -n \"$(ls /sys/firmware)\"")]
    [InlineData("echo 1 > $(ls /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null)")]
    [InlineData("dd if=/dev/kmsg of=/dev/null count=1")]
    public async Task What_would_reach_the_host_is_denied(string command)
    {
        var (exit, output) = await fixture.RunAsync(fixture.Shell($"if {command}; then echo REACHED; fi"));
        Assert.Equal(0, exit.ExitCode);
        Assert.DoesNotContain("REACHED", output);
    }

    [Fact]
    public async Task A_mount_is_denied_by_seccomp_even_with_the_capability_of_others()
    {
        var spec = fixture.Shell("unshare -m true") with { CapAdd = ["NET_ADMIN"] };
        var (exit, output) = await fixture.RunAsync(spec);
        Assert.NotEqual(0, exit.ExitCode);
        Assert.Contains("not permitted", output);
    }

    [Fact]
    public async Task No_descriptor_of_the_daemon_reaches_the_container()
    {
        using var leak = new FileStream("/etc/passwd", FileMode.Open);
        var plain = ContainerDescriptor.OpenInheritable("/");
        try
        {
            var (_, output) = await fixture.RunAsync(fixture.Shell("ls /proc/self/fd"));
            // 0, 1, 2 and the directory that ls reads.
            Assert.Equal("0\n1\n2\n3\n", output);
        }
        finally
        {
            _ = ContainerNative.close(plain);
        }
    }

    [Theory]
    [InlineData("/proc/self/fd/7")]
    [InlineData("/proc/self/fd/../../x")]
    [InlineData("relative")]
    [InlineData("/a/../b")]
    [InlineData("/a//b")]
    [InlineData("/dev")]
    [InlineData("/sys/kernel")]
    [InlineData("/a\0b")]
    public async Task A_hostile_working_directory_is_refused(string cwd)
    {
        var error = await Assert.ThrowsAsync<ContainerException>(
            () => fixture.Runtime.CreateAsync(fixture.Shell("true") with { Cwd = cwd }, ContainerFixture.Deadline));
        Assert.Contains("working directory", error.Message);
    }

    [Theory]
    [InlineData("proc")]
    [InlineData("sys")]
    [InlineData("dev")]
    public async Task A_root_with_a_link_or_file_for_a_kernel_directory_is_refused(string name)
    {
        foreach (var asLink in new[] { true, false })
        {
            var spec = fixture.Shell("true");
            Directory.Delete($"{spec.RootfsPath}/{name}");
            if (asLink)
                File.CreateSymbolicLink($"{spec.RootfsPath}/{name}", "/tmp");
            else
                await File.WriteAllTextAsync($"{spec.RootfsPath}/{name}", "");
            var error = await Assert.ThrowsAsync<ContainerException>(
                () => fixture.Runtime.CreateAsync(spec, ContainerFixture.Deadline));
            Assert.Contains("not a real directory", error.Message);
        }
    }

    [Fact]
    public void The_network_namespace_is_the_one_that_was_given() => ContainerDescriptor.InNewNetworkNamespace(path =>
    {
        var (_, output) = fixture.RunAsync(
            fixture.Shell("busybox readlink /proc/self/ns/net") with { NetnsPath = path }).GetAwaiter().GetResult();
        Assert.Equal(new FileInfo(path).LinkTarget, output.Trim());
    });

    [Fact]
    public async Task Without_a_network_namespace_there_is_none_but_loopback()
    {
        var (_, output) = await fixture.RunAsync(fixture.Shell(
            "ls /sys/class/net | grep -v -E '^(lo|sit0|ip6tnl0|tunl0)$'; echo end"));
        Assert.Equal("end\n", output);
    }

    [Fact]
    public async Task A_broken_pipe_ends_a_program_as_it_does_everywhere()
    {
        // The daemon ignores SIGPIPE; a container that inherits that never ends `yes | head`.
        var (_, output) = await fixture.RunAsync(fixture.Spec("/bin/grep", "SigIgn", "/proc/self/status"));
        Assert.Equal("SigIgn:\t0000000000000000\n", output);
    }

    [Fact]
    public async Task Mounts_are_where_and_how_they_were_asked()
    {
        var source = fixture.Root + "/shared";
        Directory.CreateDirectory(source);
        await File.WriteAllTextAsync(source + "/hello", "from the host\n");
        var spec = fixture.Shell("cat /data/ro/hello; touch /data/ro/x 2>/dev/null || echo ro; "
            + "busybox touch /data/rw/y; busybox df -k /scratch | busybox tail -1 | busybox awk '{print $2}'; "
            + "busybox stat -c %a /scratch") with
        {
            Mounts =
            [
                new() { Kind = ContainerMountKind.Bind, Source = source, Target = "/data/ro", ReadOnly = true },
                new() { Kind = ContainerMountKind.Bind, Source = source, Target = "/data/rw" },
                new() { Kind = ContainerMountKind.Tmpfs, Target = "/scratch", TmpfsBytes = 1 << 20, TmpfsMode = 0x1C0 },
            ],
        };
        var (_, output) = await fixture.RunAsync(spec);
        Assert.StartsWith("from the host\n", output);
        Assert.Contains("ro\n", output);
        Assert.EndsWith("1024\n700\n", output);
        Assert.True(File.Exists(source + "/y"));
        Assert.False(File.Exists(source + "/x"));
    }

    [Fact]
    public async Task A_read_only_root_is_read_only()
    {
        var (_, output) = await fixture.RunAsync(
            fixture.Shell("echo x > /tmp/x || echo refused") with { ReadOnlyRoot = true });
        Assert.Contains("refused\n", output);
    }

    [Fact]
    public async Task A_fork_bomb_meets_the_pids_limit()
    {
        var spec = fixture.Shell("for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 30 & done; echo all") with
        {
            PidsLimit = 10,
        };
        var (exit, output) = await fixture.RunAsync(spec);
        Assert.NotEqual(0, exit.ExitCode);
        Assert.DoesNotContain("all", output);
    }

    [Fact]
    public async Task A_memory_hog_is_killed_and_the_exit_says_so()
    {
        var spec = fixture.Shell("x=0123456789; while :; do x=$x$x; done") with { MemoryBytes = 32 << 20 };
        var (exit, _) = await fixture.RunAsync(spec);
        Assert.True(exit.OutOfMemory);
        Assert.Equal((137, (int?)9), (exit.ExitCode, exit.Signal));
    }

    [Fact]
    public async Task Limits_reach_the_kernel()
    {
        var spec = fixture.Shell("sleep 1000") with { MemoryBytes = 64 << 20, NanoCpus = 250_000_000 };
        await fixture.StartAsync(spec);
        var path = $"{fixture.CgroupParent}/{spec.Id}";
        var v2 = fixture.Runtime.Info.CgroupMode == CgroupMode.V2;
        Assert.Equal("67108864", Read(v2 ? "" : "memory", path, v2 ? "memory.max" : "memory.limit_in_bytes"));
        Assert.Equal("4096", Read(v2 ? "" : "pids", path, "pids.max"));
        Assert.Equal(v2 ? "25000 100000" : "25000", Read(v2 ? "" : "cpu", path, v2 ? "cpu.max" : "cpu.cfs_quota_us"));
    }

    private static string Read(string hierarchy, string path, string file) =>
        File.ReadAllText(Path.Combine("/sys/fs/cgroup", hierarchy, path.TrimStart('/'), file)).Trim();
}
