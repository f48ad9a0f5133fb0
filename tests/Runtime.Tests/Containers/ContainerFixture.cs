using System.Text;
using Swarm.Runtime.Containers;

namespace Swarm.Runtime.Tests.Containers;

/// <summary>A runtime over a directory of its own, busybox root file systems, and a thorough clean-up.</summary>
public sealed class ContainerFixture : IAsyncLifetime
{
    private static int _count;
    private readonly string _name = $"swarm-ct-{Environment.ProcessId}-{Interlocked.Increment(ref _count)}";
    private readonly List<string> _log = [];
    private int _nextId;

    public string Root => "/tmp/" + _name;

    public string CgroupParent => "/" + _name;

    public ContainerRuntime Runtime { get; private set; } = null!;

    public static CancellationToken Deadline => new CancellationTokenSource(TimeSpan.FromSeconds(30)).Token;

    public IReadOnlyList<string> Runtimes { get; init; } = ["crun", "runc"];

    public IdRange? UserRange { get; init; }

    public ContainerRuntimeOptions Options => new()
    {
        UserRange = UserRange,
        Runtimes = Runtimes,
        DataDirectory = Root + "/data",
        CgroupParent = CgroupParent,
        Log = line =>
        {
            lock (_log)
                _log.Add(line);
        },
    };

    public string LogText
    {
        get
        {
            lock (_log)
                return string.Join('\n', _log);
        }
    }

    public async Task InitializeAsync()
    {
        Directory.CreateDirectory(Root);
        Runtime = await ContainerRuntime.OpenAsync(Options, Deadline);
    }

    public async Task DisposeAsync()
    {
        foreach (var container in Runtime.List())
            await Runtime.DeleteAsync(container.Id, Deadline);
        await Runtime.DisposeAsync();
        _ = new CgroupTree().Remove(CgroupParent);
        Directory.Delete(Root, recursive: true);
    }

    /// <summary>Daemon gone and back: a second runtime object over the same directory.</summary>
    public async Task ReopenAsync(Func<Task>? meanwhile = null)
    {
        await Runtime.DisposeAsync();
        if (meanwhile is not null)
            await meanwhile();
        Runtime = await ContainerRuntime.OpenAsync(Options, Deadline);
    }

    public ContainerSpec Spec(params string[] args)
    {
        var id = "c" + Interlocked.Increment(ref _nextId);
        return new ContainerSpec
        {
            Id = id,
            RootfsPath = MakeRootfs(id),
            Args = args,
            Env = ["PATH=/bin:/usr/bin"],
        };
    }

    public ContainerSpec Shell(string script) => Spec("/bin/sh", "-c", script);

    public async Task<(ContainerExit Exit, string Output)> RunAsync(ContainerSpec spec)
    {
        await Runtime.CreateAsync(spec, Deadline);
        await Runtime.StartAsync(spec.Id, Deadline);
        var exit = await Runtime.WaitAsync(spec.Id, Deadline);
        return (exit, await OutputAsync(spec.Id));
    }

    public async Task<string> OutputAsync(string id)
    {
        var text = new StringBuilder();
        await foreach (var line in Runtime.ReadLogAsync(id, -1, null, follow: false, Deadline))
            text.Append(Encoding.UTF8.GetString(line.Line.Span)).Append('\n');
        return text.ToString();
    }

    public async Task StartAsync(ContainerSpec spec)
    {
        await Runtime.CreateAsync(spec, Deadline);
        await Runtime.StartAsync(spec.Id, Deadline);
    }

    public static async Task UntilAsync(Func<bool> condition)
    {
        var deadline = Deadline;
        while (!condition())
            await Task.Delay(10, deadline);
    }

    private string MakeRootfs(string id)
    {
        var path = $"{Root}/rootfs/{id}";
        foreach (var directory in new[] { "bin", "proc", "sys", "dev", "tmp", "etc" })
            Directory.CreateDirectory($"{path}/{directory}");
        File.Copy("/bin/busybox", path + "/bin/busybox");
        foreach (var applet in ("sh ls cat sleep true id mount dd grep hostname env pwd unshare touch kill stty tty tr "
            + "head wc ln mkdir mv rm").Split(' '))
            File.CreateSymbolicLink($"{path}/bin/{applet}", "busybox");
        return path;
    }
}
