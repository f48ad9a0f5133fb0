namespace Swarm.Runtime.Containers;

/// <summary>Directory layout below the data directory. Everything is 0700 and owned by root.</summary>
internal sealed class ContainerPaths(string dataDirectory)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    internal string Containers { get; } = Path.Combine(dataDirectory, "containers");

    internal string RuntimeRoot { get; } = Path.Combine(dataDirectory, "run", "oci");

    internal string AttachSockets { get; } = Path.Combine(dataDirectory, "run", "attach");

    internal string Scratch { get; } = Path.Combine(dataDirectory, "run", "probe");

    internal string Wrapper { get; } = Path.Combine(dataDirectory, "run", "oci-runtime");

    internal void CreateAll(IdRange? range)
    {
        foreach (var path in new[] { Containers, RuntimeRoot, AttachSockets })
            _ = SpreadDirectory.Make(path);
        range?.LetThrough(dataDirectory, Containers, Path.GetDirectoryName(Scratch)!, RuntimeRoot);
    }

    internal ContainerDirectory For(string id) => new(Path.Combine(Containers, id));

    internal static void MakePrivate(string path) => Directory.CreateDirectory(path, OwnerOnly);
}

/// <summary>Files of one container.</summary>
internal sealed class ContainerDirectory(string root)
{
    internal string Root { get; } = root;

    internal string Bundle => Path.Combine(Root, "bundle");

    internal string Config => Path.Combine(Bundle, "config.json");

    internal string Files => Path.Combine(Root, "files");

    /// <summary>Mounted while a container in a user namespace is made.</summary>
    internal string KernelDevices => Path.Combine(Root, "sysfs");

    internal string Record => Path.Combine(Root, "record.json");

    internal string Spec => Path.Combine(Root, "spec.json");

    internal string MonitorPid => Path.Combine(Root, "monitor.pid");

    internal string InitPid => Path.Combine(Root, "container.pid");

    internal string ExitDirectory => Path.Combine(Root, "exit");

    internal string Persist => Path.Combine(Root, "persist");

    internal string OomMarker => Path.Combine(Persist, "oom");

    internal string RuntimeLog => Path.Combine(Root, "runtime.log");

    internal string Logs => Path.Combine(Root, "logs");

    internal void CreateAll()
    {
        foreach (var path in new[] { Root, Bundle, Files, ExitDirectory, Persist, Logs })
            ContainerPaths.MakePrivate(path);
    }
}
