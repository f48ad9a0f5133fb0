using System.Text;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Swarm.Runtime.Containers;

namespace Swarm.Runtime.Tests.Containers;

public sealed class RulesTests
{
    private static readonly ContainerSpec Valid = new() { Id = "a", RootfsPath = "/tmp", Args = ["/bin/true"] };

    private static readonly ContainerMount Missing =
        new() { Kind = ContainerMountKind.Bind, Source = "/no/such", Target = "/x" };

    private static readonly ContainerMount Devices =
        new() { Kind = ContainerMountKind.Tmpfs, Target = "/x", Options = ["dev"] };

    public static TheoryData<string, ContainerSpec> Refused => new()
    {
        { "container id", Valid with { Id = "../x" } },
        { "container id", Valid with { Id = "" } },
        { "container id", Valid with { Id = new string('a', 65) } },
        { "root file system", Valid with { RootfsPath = "/tmp/../x" } },
        { "no command", Valid with { Args = [] } },
        { "NUL", Valid with { Args = ["a\0b"] } },
        { "NAME=value", Valid with { Env = ["=x"] } },
        { "user or group", Valid with { Uid = 4294967296 } },
        { "user or group", Valid with { Uid = 2147483648 } },
        { "user or group", Valid with { Gid = -1 } },
        { "memory limit", Valid with { MemoryBytes = 1000 } },
        { "pids limit", Valid with { PidsLimit = 0 } },
        { "cgroup path", Valid with { CgroupPath = "/other/a" } },
        { "cgroup path", Valid with { CgroupPath = "/p/../a" } },
        { "mount target", WithMount("/proc") },
        { "mount target", WithMount("/proc/sys") },
        { "mount target", WithMount("/dev/mem") },
        { "mount target", WithMount("/") },
        { "mount target", WithMount("x") },
        { "mount source", WithMount(Missing) },
        { "mount option", WithMount(Devices) },
        { "unknown signal", Valid with { StopSignal = "SIGFOO" } },
        { "log file size", Valid with { Log = new LogLimits(1) } },
        { "host name", Valid with { Hostname = "a b" } },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void A_bad_specification_is_refused_with_the_reason(string reason, ContainerSpec spec)
    {
        var error = Assert.Throws<ContainerException>(() => ContainerSpecRules.Check(spec, "/p"));
        Assert.Contains(reason, error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Shared_memory_may_be_replaced() => ContainerSpecRules.Check(WithMount("/dev/shm"), "/p");

    [Fact]
    public void A_clean_path_never_leaves_its_root() => Prop.ForAll(
        ArbMap.Default.ArbFor<NonNull<string>>(),
        text => !ContainerSpecRules.IsCleanAbsolute("/" + text.Get)
            || Path.GetFullPath("/" + text.Get) == "/" + text.Get)
        .QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("SIGTERM", 15)]
    [InlineData("term", 15)]
    [InlineData("9", 9)]
    [InlineData("SIGRTMIN+3", 37)]
    [InlineData("RTMAX-1", 63)]
    [InlineData("SIGWINCH", 28)]
    public void Signals_have_names(string name, int number) => Assert.Equal(number, SignalName.Parse(name));

    [Theory]
    [InlineData("0")]
    [InlineData("65")]
    [InlineData("")]
    [InlineData("SIG")]
    [InlineData("RTMIN+99")]
    public void What_is_no_signal_is_refused(string name) =>
        Assert.Throws<ContainerException>(() => SignalName.Parse(name));

    [Fact]
    public void Capabilities_are_added_and_dropped_as_with_docker()
    {
        Assert.Equal(["CAP_CHOWN"], ContainerCapabilities.Effective(["chown"], ["ALL"]));
        Assert.DoesNotContain("CAP_SYS_ADMIN", ContainerCapabilities.Effective(["ALL"], ["CAP_SYS_ADMIN"]));
        Assert.DoesNotContain("CAP_NET_RAW", ContainerCapabilities.Effective([], []));
        Assert.Throws<ContainerException>(() => ContainerCapabilities.Effective(["MAGIC"], []));
    }

    [Theory]
    [InlineData(
        "executable file `/nosuch` not found in $PATH: No such file or directory",
        "exec /nosuch: no such file or directory; the image has no such program: check the command and the image's "
            + "entrypoint")]
    [InlineData(
        "runc create failed: unable to start: exec: \"/x\": stat /x: no such file or directory: unknown",
        "exec /x: no such file or directory; the image has no such program: check the command and the image's "
            + "entrypoint")]
    [InlineData(
        "exec: \"/arm\": exec format error: unknown",
        "exec /arm: exec format error; it is built for another kind of processor, or it is a script without #!/bin/sh")]
    [InlineData(
        "open executable: Permission denied",
        "exec /p: permission denied; it must be a file that its user may execute: chmod +x it in the image, or name "
            + "another program")]
    [InlineData("something\nelse", "something else")]
    [InlineData("", "the OCI runtime failed without a message")]
    public void Runtime_errors_become_one_line(string raw, string expected) =>
        Assert.Equal(expected, RuntimeErrorText.Readable(raw, "/p"));

    [Fact]
    public void The_filter_denies_what_opens_the_kernel()
    {
        var names = SeccompProfile.LoadDefault().Rules(ContainerCapabilities.Default)
            .Where(r => r.Errno == 0 && r.Condition is null).Select(r => r.Name).ToHashSet();
        foreach (var denied in new[]
        {
            "mount", "umount2", "unshare", "setns", "bpf", "keyctl", "add_key", "request_key", "io_uring_setup",
            "io_uring_enter", "io_uring_register", "userfaultfd", "ptrace", "process_vm_readv", "open_by_handle_at",
            "perf_event_open", "kexec_load", "init_module", "finit_module", "delete_module", "pivot_root", "swapon",
            "reboot", "clone", "clone3", "socket", "fsopen", "move_mount", "open_tree", "mount_setattr", "syslog",
            "settimeofday", "clock_settime", "iopl", "ioperm", "chroot", "quotactl", "acct", "nfsservctl", "vhangup",
        })
        {
            Assert.DoesNotContain(denied, names);
        }
    }

    [Fact]
    public void A_bundle_for_runc_carries_the_filter_and_one_for_crun_the_compiled_one()
    {
        var profile = SeccompProfile.LoadDefault();
        var runc = BundleWriter.Compose(Valid, new BundleHost(true, false, "/i", profile), "/p/a", []);
        Assert.Equal("SCMP_ACT_ERRNO", (string?)runc["linux"]!["seccomp"]!["defaultAction"]);
        var crun = BundleWriter.Compose(Valid, new BundleHost(true, true, "/i", profile), "/p/a", []);
        Assert.Null(crun["linux"]!["seccomp"]);
        var program = Convert.FromBase64String((string)crun["annotations"]!["run.oci.seccomp_bpf_data"]!);
        Assert.True(program.Length > 800 && program.Length % 8 == 0);
        Assert.Empty(crun["process"]!["capabilities"]!["inheritable"]!.AsArray());
        Assert.Empty(crun["process"]!["capabilities"]!["ambient"]!.AsArray());
    }

    [Fact]
    public void Log_records_of_any_bytes_are_read_or_refused_but_never_fail() => Prop.ForAll(
        ArbMap.Default.ArbFor<byte[]>(),
        bytes =>
        {
            _ = LogRecord.TryParse(bytes, out _);
            byte[] line = [.. "2026-11-21T05:44:12.210322158+00:00 stderr F "u8, .. bytes];
            return LogRecord.TryParse(line, out var record) && record.Text.SequenceEqual(bytes)
                && record.IsStandardError && !record.Partial;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Close_on_exec_is_set_on_everything_but_stdio()
    {
        var fd = ContainerDescriptor.OpenInheritable("/");
        try
        {
            ProcessHygiene.MarkDescriptorsCloseOnExec();
            Assert.True(ContainerDescriptor.IsCloseOnExec(fd));
        }
        finally
        {
            _ = ContainerNative.close(fd);
        }
    }

    [Fact]
    public void A_daemon_that_forbids_it_leaves_no_dump_of_its_memory()
    {
        try
        {
            ProcessHygiene.ForbidDumps();
            Assert.False(ContainerDescriptor.IsDumpable());
        }
        finally
        {
            ContainerDescriptor.MakeDumpable();
        }
    }

    private static ContainerSpec WithMount(string target) =>
        WithMount(new ContainerMount { Kind = ContainerMountKind.Tmpfs, Target = target });

    private static ContainerSpec WithMount(ContainerMount mount) => Valid with { Mounts = [mount] };
}
