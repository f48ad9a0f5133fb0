using System.Globalization;
using System.Text.Json.Nodes;

namespace Swarm.Runtime.Containers;

/// <summary>The `mounts` of an OCI specification: the kernel's file systems first, then what was asked for.</summary>
internal static class BundleMounts
{
    private const string ShmSize = "size=65536k";

    internal static JsonArray Compose(
        ContainerSpec spec, IReadOnlyList<ContainerMount> files, BundleHost host, string? initTarget)
    {
        var mounts = new JsonArray
        {
            Mount("/proc", "proc", "proc", "nosuid", "noexec", "nodev"),
            Mount("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", ShmSize),
            Mount(
                "/dev/pts", "devpts", "devpts",
                "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"),
            Mount("/dev/mqueue", "mqueue", "mqueue", "nosuid", "noexec", "nodev"),
            NetnsSettings.AreNeeded(spec)
                ? Mount("/sys", "bind", host.KernelDevices, "bind", "nosuid", "noexec", "nodev", "ro")
                : Mount("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", "ro"),
            Mount("/sys/fs/cgroup", "cgroup", "cgroup", "nosuid", "noexec", "nodev", "relatime", "ro"),
        };
        if (spec.Mounts.All(static m => m.Target != "/dev/shm"))
            mounts.Add(Mount("/dev/shm", "tmpfs", "shm", "nosuid", "noexec", "nodev", "mode=1777", ShmSize));
        if (initTarget is not null)
            mounts.Add(Mount(initTarget, "bind", host.InitBinary, "bind", "ro", "nosuid", "nodev"));
        // Parents before children, or the later mount would hide the earlier one; the user's mounts win over the files.
        foreach (var mount in files.Where(f => spec.Mounts.All(m => m.Target != f.Target))
            .Concat(spec.Mounts).OrderBy(static m => m.Target.Count(static c => c == '/')))
        {
            mounts.Add(UserMount(mount));
        }
        return mounts;
    }

    private static JsonObject UserMount(ContainerMount mount)
    {
        var options = new List<string>(mount.Options) { mount.ReadOnly ? "ro" : "rw" };
        if (mount.Kind == ContainerMountKind.Bind)
        {
            options.Add(mount.NonRecursive ? "bind" : "rbind");
            options.Add(mount.Propagation);
            return Mount(
                mount.Target, "bind", mount.HeldAt.Length > 0 ? mount.HeldAt : mount.Source, [.. options]);
        }
        if (!mount.Options.Contains("nosuid"))
            options.Add("nosuid");
        if (!mount.Options.Contains("nodev"))
            options.Add("nodev");
        options.Add("mode=" + Convert.ToString(mount.TmpfsMode, 8));
        if (mount.TmpfsBytes > 0)
            options.Add("size=" + mount.TmpfsBytes.ToString(CultureInfo.InvariantCulture));
        return Mount(mount.Target, "tmpfs", "tmpfs", [.. options]);
    }

    private static JsonObject Mount(string target, string type, string source, params string[] options) => new()
    {
        ["destination"] = target,
        ["type"] = type,
        ["source"] = source,
        ["options"] = BundleWriter.Strings(options),
    };
}
