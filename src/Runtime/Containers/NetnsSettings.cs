using System.Runtime.InteropServices;
using Swarm.Runtime.Images;
using Swarm.Runtime.Rootfs;

namespace Swarm.Runtime.Containers;

/// <summary>
/// What the root of a container in a user namespace may not do itself, since its network namespace belongs to the host:
/// settings of the network, and a view of its devices below /sys.
/// </summary>
internal static partial class NetnsSettings
{
    private const string NetworkPrefix = "net.";
    private const string LowPorts = "net.ipv4.ip_unprivileged_port_start";
    private const int NewNetwork = 0x40000000;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setns(int fd, int kind);

    /// <summary>It has a network namespace that somebody else made, and ids of its own.</summary>
    internal static bool AreNeeded(ContainerSpec spec) => spec.UserRange is not null && spec.NetnsPath is not null;

    /// <summary>The settings that the OCI runtime makes.</summary>
    internal static IEnumerable<KeyValuePair<string, string>> OfRuntime(ContainerSpec spec) => AreNeeded(spec)
        ? spec.Sysctls.Where(static s => !s.Key.StartsWith(NetworkPrefix, StringComparison.Ordinal))
        : spec.Sysctls;

    /// <summary>Makes the others, and mounts the kernel's devices as that namespace has them.</summary>
    /// <exception cref="ContainerException">The kernel does not take one of them.</exception>
    internal static void Apply(ContainerSpec spec, string sysfs)
    {
        var settings = spec.Sysctls.Where(static s => s.Key.StartsWith(NetworkPrefix, StringComparison.Ordinal))
            .ToDictionary(static s => s.Key, static s => s.Value);
        // Ports below 1024 want the capability over the namespace's owner, which the container's is not.
        if (ContainerCapabilities.Effective(spec.CapAdd, spec.CapDrop).Contains("CAP_NET_BIND_SERVICE"))
            settings.TryAdd(LowPorts, "0");
        Directory.CreateDirectory(sysfs);
        string? failure = null;
        // The namespace of a thread is changed for good: no pool thread must do this.
        var thread = new Thread(() => failure = Inside(spec.NetnsPath!, settings, sysfs));
        thread.Start();
        thread.Join();
        if (failure is not null)
            throw new ContainerException(failure);
    }

    internal static void Unmount(string sysfs)
    {
        if (!Directory.Exists(sysfs))
            return;
        var errno = MountNative.Unmount(sysfs);
        if (errno is not (0 or MountNative.EINVAL))
            throw ImageNative.Failure("unmount", sysfs, errno);
        Directory.Delete(sysfs);
    }

    private static string? Inside(string netns, Dictionary<string, string> settings, string sysfs)
    {
        using var handle = IdMapNative.TryOpenNamespace(netns, out var errno);
        if (handle is null || setns((int)handle.DangerousGetHandle(), NewNetwork) != 0)
            return $"network namespace {netns}: {Marshal.GetPInvokeErrorMessage(
                errno != 0 ? errno : Marshal.GetLastPInvokeError())}";
        foreach (var (name, value) in settings)
        {
            try
            {
                File.WriteAllText("/proc/sys/" + name.Replace('.', '/'), value);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return $"sysctl {name}={value}: {e.Message}";
            }
        }

        errno = MountNative.MountKernelDevices(sysfs);
        return errno == 0 ? null : $"mount sysfs on {sysfs}: {Marshal.GetPInvokeErrorMessage(errno)}";
    }
}
