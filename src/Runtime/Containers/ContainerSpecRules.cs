using Swarm.Model;

namespace Swarm.Runtime.Containers;

/// <summary>What a specification must satisfy first. Images and users are not trusted.</summary>
internal static class ContainerSpecRules
{
    internal const int MaxIdLength = 64;
    internal const int MaxMounts = 256;
    internal const int MaxArgs = 4096;
    internal const int MaxEnv = 4096;
    internal const int MaxArgumentBytes = 1024 * 1024;
    internal const int MaxHostnameLength = 64;
    internal const long MinMemoryBytes = 6 * 1024 * 1024;
    internal const long MaxUserId = int.MaxValue;
    private const int LargestPermissionBits = 0xFFF;
    private static readonly string[] KernelPaths = ["/proc", "/sys", "/dev"];
    private static readonly string[] Propagations = ["private", "rprivate", "slave", "rslave", "shared", "rshared"];
    private static readonly string[] MountFlags = ["nosuid", "nodev", "noexec", "noatime"];

    internal static void Check(ContainerSpec spec, string cgroupParent)
    {
        CheckId(spec.Id);
        Require(IsCleanAbsolute(spec.RootfsPath),
            $"root file system \"{spec.RootfsPath}\" must be an absolute, clean path");
        CheckRootfs(spec.RootfsPath);
        CheckProcess(spec);
        CheckUser(spec);
        CheckLimits(spec);
        var cgroup = spec.CgroupPath ?? $"{cgroupParent}/{spec.Id}";
        Require(IsCleanAbsolute(cgroup) && cgroup.StartsWith(cgroupParent + "/", StringComparison.Ordinal),
            $"cgroup path \"{cgroup}\" must lie under {cgroupParent}");
        Require(spec.NetnsPath is null || IsCleanAbsolute(spec.NetnsPath),
            $"network namespace \"{spec.NetnsPath}\" must be an absolute, clean path");
        Require(spec.Mounts.Count <= MaxMounts, $"{spec.Mounts.Count} mounts; at most {MaxMounts} are allowed");
        foreach (var mount in spec.Mounts)
            CheckMount(mount);
        MountTargets.Check(spec);
        _ = SignalName.Parse(spec.StopSignal);
    }

    internal static void CheckId(string id) => Require(
        id.Length is > 0 and <= MaxIdLength && id[0] is not ('.' or '-')
            && id.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-'),
        $"container id \"{Printable.Value(id)}\" must be 1–{MaxIdLength} characters of [a-zA-Z0-9_.-]");

    internal static bool IsCleanAbsolute(string path) =>
        path.StartsWith('/') && !path.Contains('\0') && (path == "/" || path[1..].Split('/')
            .All(static part => part is not ("" or "." or "..")));

    /// <summary>A working directory below the kernel's file systems can be an open directory of the host.</summary>
    internal static void CheckCwd(string cwd)
    {
        Require(IsCleanAbsolute(cwd),
            $"working directory \"{Printable.Value(cwd)}\" must be absolute, without \".\", \"..\" or empty parts");
        Require(!KernelPaths.Any(p => IsAtOrBelow(cwd, p)),
            $"working directory \"{Printable.Value(cwd)}\" must not lie under /proc, /sys or /dev");
    }

    private static void CheckRootfs(string rootfs)
    {
        Require(Directory.Exists(rootfs), $"root file system {rootfs} does not exist");
        foreach (var path in KernelPaths.Select(p => rootfs + p))
        {
            var link = new FileInfo(path);
            Require(link.LinkTarget is null && !File.Exists(path),
                $"the image's {path[rootfs.Length..]} is not a real directory");
        }
    }

    private static void CheckProcess(ContainerSpec spec)
    {
        Require(spec.Args.Count is > 0 and <= MaxArgs && spec.Args[0].Length > 0,
            "no command: the image has no entrypoint or command and none was given");
        Require(spec.Env.Count <= MaxEnv, $"{spec.Env.Count} environment variables; at most {MaxEnv} are allowed");
        Require(spec.Args.Concat(spec.Env).Sum(static s => (long)s.Length) <= MaxArgumentBytes,
            $"command and environment together are longer than {MaxArgumentBytes} characters");
        Require(!spec.Args.Concat(spec.Env).Any(static s => s.Contains('\0')),
            "command or environment contains a NUL character");
        foreach (var variable in spec.Env)
        {
            Require(
                variable.IndexOf('=') > 0, $"environment variable \"{Printable.Value(variable)}\" is not NAME=value");
        }
        CheckCwd(spec.Cwd);
        Require(spec.Hostname.Length <= MaxHostnameLength
            && spec.Hostname.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_'),
            $"host name \"{Printable.Value(spec.Hostname)}\" must be at most "
            + $"{MaxHostnameLength} letters, digits, '-', '.', '_'");
    }

    private static void CheckUser(ContainerSpec spec)
    {
        foreach (var id in spec.AdditionalGids.Append(spec.Uid).Append(spec.Gid))
        {
            Require(id is >= 0 and <= MaxUserId, $"user or group id {id} must be 0 to {MaxUserId}");
            Require(spec.UserRange is null || id < spec.UserRange.Count,
                $"user or group id {id}: containers of this node have {spec.UserRange?.Count} ids (--userns-remap)");
        }
    }

    private static void CheckLimits(ContainerSpec spec)
    {
        Require(spec.MemoryBytes == 0 || spec.MemoryBytes >= MinMemoryBytes,
            $"memory limit {spec.MemoryBytes} is too small; the least is {MinMemoryBytes} bytes (6 MiB)");
        Require(spec.NanoCpus == 0 || spec.NanoCpus >= BundleLimits.MinNanoCpus,
            $"cpu limit {spec.NanoCpus} is too small; the least is {BundleLimits.MinNanoCpus} (0.001 of a core)");
        Require(spec.Ulimits.All(static u => u.Name.Length > 0 && u.Name.All(char.IsAsciiLetterLower)
            && u.Soft >= -1 && u.Hard >= -1), "a ulimit has a bad name, or a limit below -1");
        Require(spec.OomScoreAdj is null or (>= -1000 and <= 1000),
            $"oom score {spec.OomScoreAdj} must be -1000 to 1000");
        Require(spec.PidsLimit > 0, $"pids limit {spec.PidsLimit} must be at least 1");
        Require(spec.Log.MaxFileBytes >= LogLimits.SmallestFileBytes,
            $"log file size {spec.Log.MaxFileBytes} is too small; the least is {LogLimits.SmallestFileBytes} bytes");
        Require(spec.Log.MaxFiles is >= 1 and <= LogLimits.MostFiles,
            $"number of log files {spec.Log.MaxFiles} must be 1 to {LogLimits.MostFiles}");
    }

    private static void CheckMount(ContainerMount mount)
    {
        var target = mount.Target;
        Require(IsCleanAbsolute(target), $"mount target \"{Printable.Value(target)}\" must be an absolute, clean path");
        Require(target != "/", "mount target / would hide the image");
        Require(!IsOfTheKernel(target),
            $"mount target {Printable.Value(target)} must not lie under /proc, /sys or /dev (but /dev/shm)");
        foreach (var option in mount.Options)
        {
            Require(MountFlags.Contains(option),
                $"mount option \"{Printable.Value(option)}\" is not one of {string.Join(", ", MountFlags)}");
        }
        if (mount.Kind == ContainerMountKind.Tmpfs)
        {
            Require(mount.TmpfsBytes >= 0 && mount.TmpfsMode is >= 0 and <= LargestPermissionBits,
                $"tmpfs at {target}: size must not be negative, mode must be 0 to 07777");
            return;
        }
        Require(IsCleanAbsolute(mount.Source),
            $"mount source \"{Printable.Value(mount.Source)}\" must be an absolute, clean path");
        Require(Path.Exists(mount.Source), $"mount source {mount.Source} does not exist on this node");
        Require(Propagations.Contains(mount.Propagation),
            $"mount propagation \"{Printable.Value(mount.Propagation)}\" is not one of "
            + string.Join(", ", Propagations));
    }

    /// <summary>Nothing of a user's is mounted there; shared memory is the exception.</summary>
    internal static bool IsOfTheKernel(string path) =>
        !IsAtOrBelow(path, "/dev/shm") && KernelPaths.Any(p => IsAtOrBelow(path, p));

    private static bool IsAtOrBelow(string path, string parent) =>
        path == parent || path.StartsWith(parent + "/", StringComparison.Ordinal);

    private static void Require(bool holds, string message)
    {
        if (!holds)
            throw new ContainerException(message);
    }
}
