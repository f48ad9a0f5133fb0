using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Swarm.Runtime.Images;
using Swarm.Runtime.Rootfs;

namespace Swarm.Runtime.Containers;

/// <summary>
/// What one call of the OCI runtime's exec reads and leaves behind, in the container's directory; disposing removes it.
/// </summary>
internal sealed class ExecFiles : IDisposable
{
    private const int UnixPathBytes = 107;
    private readonly string _name;

    internal ExecFiles(ContainerEntry entry)
    {
        var number = Guid.NewGuid().ToString("n");
        _name = Path.Combine(entry.Directory.Root, "exec-" + number);
        Process = _name + ".json";
        Pid = _name + ".pid";
        Log = _name + ".log";
    }

    internal string Process { get; }

    internal string Pid { get; }

    internal string Log { get; }

    /// <summary>Where the runtime sends the terminal's descriptor.</summary>
    /// <exception cref="ContainerException">The data directory's path is too long for a socket.</exception>
    internal string ConsoleSocket(RuntimeHost host)
    {
        var path = Path.Combine(host.Paths.AttachSockets, "tty-" + _name[^12..]);
        return Encoding.UTF8.GetByteCount(path) <= UnixPathBytes
            ? path
            : throw new ContainerException(
                $"{path} is too long for a socket ({UnixPathBytes} bytes): choose a shorter data directory");
    }

    /// <summary>The process of the container in the OCI form.</summary>
    internal static JsonNode ProcessOf(ContainerDirectory directory) =>
        JsonNode.Parse(File.ReadAllText(directory.Config))!["process"]!.DeepClone();

    /// <summary>The container's own process with another command line.</summary>
    internal void Write(ContainerEntry entry, ContainerCommand command)
    {
        var process = ProcessOf(entry.Directory);
        process["args"] = BundleWriter.Strings(command.Args);
        process["terminal"] = command.Tty;
        if (command.Cwd.Length > 0)
            process["cwd"] = command.Cwd;
        if (command.User.Length > 0)
            process["user"] = User(entry, command.User);
        process["env"] = BundleWriter.Strings(Environment(process["env"]!.AsArray(), command));
        if (command.Tty)
        {
            process["consoleSize"] = new JsonObject
            {
                ["height"] = command.Size.Rows, ["width"] = command.Size.Columns,
            };
        }
        Save(process);
    }

    internal void Save(JsonNode process)
    {
        using var file = new FileStream(Process, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        file.Write(Encoding.UTF8.GetBytes(process.ToJsonString()));
    }

    /// <summary>Process id of the command on the host; 0 while there is none.</summary>
    internal int Child()
    {
        try
        {
            return int.TryParse(File.ReadAllText(Pid).Trim(), CultureInfo.InvariantCulture, out var child) && child > 1
                ? child
                : 0;
        }
        catch (IOException)
        {
            return 0;
        }
    }

    public void Dispose()
    {
        foreach (var path in new[] { Process, Pid, Log })
        {
            if (Directory.Exists(Path.GetDirectoryName(path)))
                File.Delete(path);
        }
    }

    private static IEnumerable<string> Environment(JsonArray own, ContainerCommand command)
    {
        var names = command.Env.Select(Name).ToHashSet(StringComparer.Ordinal);
        var kept = own.Select(static v => v!.GetValue<string>()).Where(v => !names.Contains(Name(v))).ToList();
        // As docker: programs that draw want to know.
        names.UnionWith(kept.Select(Name));
        IEnumerable<string> terminal = command.Tty && !names.Contains("TERM") ? ["TERM=xterm"] : [];
        return [.. kept, .. terminal, .. command.Env];
    }

    private static string Name(string variable) => variable[..Math.Max(0, variable.IndexOf('='))];

    private static JsonObject User(ContainerEntry entry, string user)
    {
        using var root = ContainerRoot.Open(entry);
        try
        {
            var found = RootfsUsers.Resolve($"/proc/self/fd/{root.DangerousGetHandle()}", user, []);
            return new JsonObject
            {
                ["uid"] = found.Uid,
                ["gid"] = found.Gid,
                ["additionalGids"] = new JsonArray(
                    [.. found.AdditionalGids.Select(static g => (JsonNode)JsonValue.Create(g))]),
            };
        }
        catch (ImageException e)
        {
            throw new ContainerException(e.Message, e);
        }
    }
}
