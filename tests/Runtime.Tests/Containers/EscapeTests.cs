using System.Security.Cryptography;
using System.Text;
using Swarm.Runtime.Containers;

namespace Swarm.Runtime.Tests.Containers;

/// <summary>ESC-1…7 of the attack list as an attacker would do them.</summary>
public sealed class EscapeTests(ContainerFixture fixture) : IClassFixture<ContainerFixture>
{
    private const long NewUser = 0x10000000;
    private const long NewMounts = 0x20000;
    private const long Child = 17;
    private const long NotPermitted = -1;
    private const long NotThere = -38;

    /// <summary>Calls that open the kernel, with arguments that do no harm where they are allowed.</summary>
    private static readonly ProbeCall[] s_calls =
    [
        new("mount", 165), new("umount2", 166, 0, -1), new("pivot_root", 155), new("chroot", 161), new("unshare", 272),
        new("unshare user", 272, NewUser), new("unshare mount", 272, NewMounts), new("setns", 308, -1, 0),
        new("clone user", 56, NewUser | Child), new("bpf", 321, -1), new("add_key", 248), new("request_key", 249),
        new("keyctl", 250, -1), new("io_uring_setup", 425, 1), new("io_uring_enter", 426, -1),
        new("io_uring_register", 427, -1), new("userfaultfd", 323, 0), new("ptrace", 101, 16, -1),
        new("process_vm_readv", 310, -1), new("process_vm_writev", 311, -1), new("open_by_handle_at", 304, -1),
        new("perf_event_open", 298, 0, 0, -1, -1, 0),
        new("kexec_load", 246, 0, 99), new("init_module", 175), new("finit_module", 313, -1),
        new("delete_module", 176), new("swapon", 167), new("swapoff", 168), new("reboot", 169), new("fsopen", 430),
        new("fsmount", 432, -1), new("move_mount", 429, -1), new("open_tree", 428, -1),
        new("mount_setattr", 442, -1), new("syslog", 103, -1), new("clock_settime", 227, -1),
        new("settimeofday", 164, 1), new("iopl", 172, 3), new("ioperm", 173, 0, 1, 1),
        new("quotactl", 179), new("acct", 163, 1), new("nfsservctl", 180), new("lookup_dcookie", 212),
        new("sethostname", 170, 1, -1), new("setdomainname", 171, 1, -1), new("fanotify_init", 300),
        new("kcmp", 312, -1, -1, -1), new("vhangup", 153), new("socket ALG", 41, 38, 5, 0),
        new("socket VSOCK", 41, 40, 1, 0), new("socket BLUETOOTH", 41, 31, 3, 0),
        new("raw socket", 41, 2, 3, 1), new("mknod", 133, "/tmp/disk", 0x6180, 0x800),
    ];

    /// <summary>
    /// CVE-2024-21626: a directory of the host that the runtime has open, entered as working directory through a link
    /// of the image. The daemon leaves one open on purpose here.
    /// </summary>
    [Fact]
    public async Task Esc1_a_working_directory_through_a_link_finds_no_directory_of_the_host()
    {
        var leaks = Leak();
        try
        {
            foreach (var fd in Candidates(leaks))
            {
                var spec = fixture.Shell(Look);
                File.CreateSymbolicLink(spec.RootfsPath + "/w", $"/proc/self/fd/{fd}");
                try
                {
                    var (_, output) = await fixture.RunAsync(spec with { Cwd = "/w" });
                    SeesNothing(output);
                }
                catch (ContainerException)
                {
                    // Refused by the runtime: what is there is no directory of the container.
                }

                await fixture.Runtime.DeleteAsync(spec.Id, ContainerFixture.Deadline);
            }
        }
        finally
        {
            leaks.ForEach(fd => _ = ContainerNative.close(fd));
        }
    }

    /// <summary>The same by a command beside the program, where no monitor is in between.</summary>
    [Fact]
    public async Task Esc1_nor_does_a_command_beside_the_program()
    {
        var leaks = Leak();
        var spec = fixture.Shell("while :; do sleep 1; done");
        foreach (var fd in Candidates(leaks))
            File.CreateSymbolicLink($"{spec.RootfsPath}/w{fd}", $"/proc/self/fd/{fd}");
        await fixture.StartAsync(spec);
        try
        {
            foreach (var fd in Candidates(leaks))
            {
                await using var session = await fixture.Runtime.StartExecAsync(
                    spec.Id, new ContainerCommand { Args = ["/bin/sh", "-c", Look], Cwd = $"/w{fd}" },
                    ContainerFixture.Deadline);
                var output = new StringBuilder();
                await foreach (var piece in session.ReadAllAsync(ContainerFixture.Deadline))
                    output.Append(Encoding.UTF8.GetString(piece.Data.Span));
                SeesNothing(output.ToString());
            }
        }
        finally
        {
            leaks.ForEach(fd => _ = ContainerNative.close(fd));
        }
    }

    [Fact]
    public async Task Esc1_monitor_and_command_hold_nothing_of_the_daemons()
    {
        using var leak = new FileStream("/etc/passwd", FileMode.Open);
        var plain = ContainerDescriptor.OpenInheritable("/usr");
        try
        {
            var spec = fixture.Shell("sleep 1000");
            await fixture.StartAsync(spec);
            var init = fixture.Runtime.Find(spec.Id)!.Pid;
            var monitor = await File.ReadAllTextAsync($"{fixture.Root}/data/containers/{spec.Id}/monitor.pid");
            foreach (var pid in new[] { init.ToString(), monitor.Trim() })
            {
                var open = Directory.GetFiles($"/proc/{pid}/fd").Select(f => new FileInfo(f).LinkTarget).ToList();
                Assert.DoesNotContain("/usr", open);
                Assert.DoesNotContain("/etc/passwd", open);
            }

            var inside = await fixture.Runtime.ExecAsync(
                spec.Id, new ContainerExec(["/bin/ls", "/proc/self/fd"], TimeSpan.FromSeconds(20), 4096),
                ContainerFixture.Deadline);
            Assert.Equal("0\n1\n2\n3\n", inside.Output);
        }
        finally
        {
            _ = ContainerNative.close(plain);
        }
    }

    /// <summary>CVE-2019-5736: who enters the container has its program open for a moment.</summary>
    [Fact]
    public async Task Esc2_the_runtimes_program_cannot_be_written_through_its_process()
    {
        var runtime = ToolProcess.Find(fixture.Runtime.Info.Runtime)!;
        var before = SHA256.HashData(await File.ReadAllBytesAsync(runtime));
        var spec = fixture.Shell(
            "echo watching; while :; do for p in /proc/[0-9]*; do case $p in /proc/1|/proc/$$) continue;; esac; "
            + "( exec 9<$p/exe && case $(busybox readlink /proc/self/fd/9) in /bin/busybox) exit;; esac; echo caught; "
            + "while [ -e $p/root ]; do :; done; echo evil > /proc/self/fd/9 && echo WROTE ) 2>/dev/null; done; done");
        File.CreateSymbolicLink(spec.RootfsPath + "/bin/evil", "/proc/self/exe");
        await fixture.StartAsync(spec);
        for (var i = 0; i < 30; i++)
        {
            await fixture.Runtime.ExecAsync(
                spec.Id,
                new ContainerExec([i % 2 == 0 ? "/bin/true" : "/bin/evil"], TimeSpan.FromSeconds(5), 4096),
                ContainerFixture.Deadline);
        }

        Assert.DoesNotContain("WROTE", await fixture.OutputAsync(spec.Id), StringComparison.Ordinal);
        Assert.Equal(before, SHA256.HashData(await File.ReadAllBytesAsync(runtime)));
        await fixture.Runtime.DeleteAsync(spec.Id, ContainerFixture.Deadline);
    }

    [Theory]
    [InlineData("/proc/sys")]
    [InlineData("/a/../proc")]
    [InlineData("sys")]
    [InlineData("/dev")]
    [InlineData("/")]
    [InlineData("/other/kernel")]
    [InlineData("data")]
    public async Task Esc4_a_link_of_the_image_does_not_turn_a_volume_into_the_kernels_files(string link)
    {
        var spec = fixture.Shell("true");
        File.CreateSymbolicLink(spec.RootfsPath + "/data", link);
        File.CreateSymbolicLink(spec.RootfsPath + "/other", "/sys");
        Directory.CreateDirectory(fixture.Root + "/volume");
        var refused = await Assert.ThrowsAsync<ContainerException>(() => fixture.Runtime.CreateAsync(
            spec with { Mounts = [Bind(fixture.Root + "/volume", "/data")] }, ContainerFixture.Deadline));
        Assert.Contains("mount target /data leads", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Esc4_nor_does_a_link_in_another_volume_or_on_the_way_to_our_files()
    {
        var volume = fixture.Root + "/with-link";
        Directory.CreateDirectory(volume);
        File.CreateSymbolicLink(volume + "/in", "/proc/sys");
        var nested = fixture.Shell("true") with { Mounts = [Bind(volume, "/v"), Bind(fixture.Root, "/v/in/x")] };
        await Assert.ThrowsAsync<ContainerException>(
            () => fixture.Runtime.CreateAsync(nested, ContainerFixture.Deadline));
        var files = fixture.Shell("true");
        Directory.Delete(files.RootfsPath + "/etc");
        File.CreateSymbolicLink(files.RootfsPath + "/etc", "/sys/kernel");
        await Assert.ThrowsAsync<ContainerException>(
            () => fixture.Runtime.CreateAsync(files with { Hosts = "x" }, ContainerFixture.Deadline));
    }

    [Fact]
    public async Task Esc4_links_that_stay_in_the_image_are_followed()
    {
        var spec = fixture.Shell("cat /real/dir/f");
        Directory.CreateDirectory(spec.RootfsPath + "/real/dir");
        File.CreateSymbolicLink(spec.RootfsPath + "/data", "real/../real/dir");
        Directory.CreateDirectory(fixture.Root + "/good");
        await File.WriteAllTextAsync(fixture.Root + "/good/f", "there");
        var (_, output) = await fixture.RunAsync(spec with { Mounts = [Bind(fixture.Root + "/good", "/data")] });
        Assert.Equal("there\n", output);
    }

    [Fact]
    public async Task Esc7_what_opens_the_kernel_is_not_permitted()
    {
        if (!SyscallProbe.IsPossible)
            return;
        var results = await ProbeAsync(fixture.Spec("/probe"), s_calls);
        Assert.All(results, r => Assert.True(r.Value == NotPermitted, $"{r.Key} returned {r.Value}"));
        // libc then uses clone, whose flags a filter can see.
        ProbeCall clone3 = new("clone3", 435);
        Assert.Equal(NotThere, (await ProbeAsync(fixture.Spec("/probe"), clone3))["clone3"]);
    }

    [Fact]
    public async Task Esc7_a_setuid_program_gives_nobody_more_rights()
    {
        if (!SyscallProbe.IsPossible)
            return;
        ProbeCall[] calls = [new("geteuid", 107), new("setuid", 105, 0), new("geteuid again", 107)];
        var user = fixture.Spec("/probe") with { Uid = 1000, Gid = 1000 };
        var walled = await ProbeAsync(user, calls);
        Assert.Equal((1000, NotPermitted, 1000), (walled["geteuid"], walled["setuid"], walled["geteuid again"]));
        // Without the mark it does: the attack is a real one.
        var open = await ProbeAsync(
            fixture.Spec("/probe") with { Uid = 1000, Gid = 1000, NoNewPrivileges = false }, calls);
        Assert.Equal((0, 0), (open["geteuid"], open["setuid"]));
    }

    private const string Look = "cat marker ./marker; cat ../../../etc/shadow; echo end";

    /// <summary>A directory of the host, open as a careless daemon would leave it.</summary>
    private List<int> Leak()
    {
        var marker = fixture.Root + "/host-only";
        Directory.CreateDirectory(marker);
        File.WriteAllText(marker + "/marker", "HOST");
        return [.. Enumerable.Range(0, 3).Select(_ => ContainerDescriptor.OpenInheritable(marker))];
    }

    /// <summary>What was left open keeps its number in the runtime; the others are the runtime's own.</summary>
    private static IEnumerable<int> Candidates(List<int> leaks) => leaks.Concat(Enumerable.Range(3, 8)).Distinct();

    private static void SeesNothing(string output)
    {
        Assert.DoesNotContain("HOST", output, StringComparison.Ordinal);
        Assert.DoesNotContain("root:", output, StringComparison.Ordinal);
    }

    private async Task<Dictionary<string, long>> ProbeAsync(ContainerSpec spec, params ProbeCall[] calls)
    {
        SyscallProbe.Write(spec.RootfsPath + "/probe", calls);
        File.SetUnixFileMode(
            spec.RootfsPath + "/probe", File.GetUnixFileMode(spec.RootfsPath + "/probe") | UnixFileMode.SetUser);
        await File.WriteAllTextAsync(spec.RootfsPath + "/out", "");
        File.SetUnixFileMode(spec.RootfsPath + "/out", (UnixFileMode)0x1B6);
        var (exit, output) = await fixture.RunAsync(spec);
        Assert.True(exit.ExitCode == 0, $"exit code {exit.ExitCode} {output}");
        return SyscallProbe.Read(spec.RootfsPath + "/out", calls);
    }

    private static ContainerMount Bind(string source, string target) =>
        new() { Kind = ContainerMountKind.Bind, Source = source, Target = target };
}
