namespace Swarm.Runtime.Containers;

/// <summary>
/// Where the targets of mounts lie when the links of the image, and of what is mounted before, are followed: a link of
/// the image's must not turn a volume into /proc (CVE-2019-19921, CVE-2023-28642).
/// </summary>
internal sealed class MountTargets
{
    private const int MaxLinks = 40;
    private static readonly string[] s_files = ["/etc/resolv.conf", "/etc/hosts", "/etc/hostname"];
    private readonly string _rootfs;
    private readonly List<(string Target, string? Source)> _mounted = [];

    private MountTargets(string rootfs) => _rootfs = rootfs;

    /// <exception cref="ContainerException">One leads to the kernel's directories or nowhere.</exception>
    internal static void Check(ContainerSpec spec)
    {
        var targets = new MountTargets(spec.RootfsPath);
        // In the order in which they are mounted.
        foreach (var mount in spec.Mounts.OrderBy(static m => m.Target.Count(static c => c == '/')))
        {
            var real = targets.Resolve(mount.Target);
            CheckOne(mount.Target, real);
            var source = mount.HeldAt.Length > 0 ? mount.HeldAt : mount.Source;
            targets._mounted.Add((real, mount.Kind == ContainerMountKind.Bind ? source : null));
        }

        foreach (var file in s_files)
            CheckOne(file, targets.Resolve(file));
    }

    private static void CheckOne(string target, string real)
    {
        if (real == "/" || ContainerSpecRules.IsOfTheKernel(real))
            throw new ContainerException($"mount target {target} leads to {real} through a link of the image");
    }

    private string Resolve(string target)
    {
        var left = new LinkedList<string>(Parts(target));
        var path = new List<string>();
        for (var links = 0; left.First is { } next; left.Remove(next))
        {
            if (next.Value == "..")
            {
                path.RemoveRange(Math.Max(0, path.Count - 1), Math.Min(1, path.Count));
                continue;
            }

            path.Add(next.Value);
            if (LinkAt("/" + string.Join('/', path)) is not { } link)
                continue;
            if (++links > MaxLinks)
                throw new ContainerException($"mount target {target} leads through more than {MaxLinks} links");
            path.RemoveAt(path.Count - 1);
            if (link.StartsWith('/'))
                path.Clear();
            foreach (var part in Parts(link).Reverse())
                left.AddAfter(next, part);
        }

        return "/" + string.Join('/', path);
    }

    private string? LinkAt(string path)
    {
        var over = _mounted.Where(m => path.StartsWith(m.Target + "/", StringComparison.Ordinal))
            .OrderByDescending(static m => m.Target.Length).Take(1).ToList();
        return over switch
        {
            [] => new FileInfo(_rootfs + path).LinkTarget,
            [(_, null)] => null,
            [var (at, source)] => new FileInfo(source + path[at.Length..]).LinkTarget,
            _ => null,
        };
    }

    private static IEnumerable<string> Parts(string path) =>
        path.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(static p => p != ".");
}
