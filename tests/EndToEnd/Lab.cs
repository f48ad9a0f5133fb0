using System.Net;

namespace Swarm.EndToEnd;

/// <summary>One lab for all tests, which run one by one: three managers n1–n3, two workers n4 and n5.</summary>
public sealed class Lab : IDisposable
{
    public const string Image = "10.99.0.5:5000/demo/web";
    private const int ManagerCount = 3;
    private const int WorkerCount = 2;
    private const int SettleSeconds = 60;
    private const string MainBridge = "br-main";
    private const string WebCommand = "/bin/sh\0/bin/web\0";
    private const string Cgroups = "/swarm-lab-";

    private static readonly HttpClient Http = new(new SocketsHttpHandler { UseProxy = false })
    {
        Timeout = TimeSpan.FromSeconds(5),
        DefaultRequestHeaders = { ConnectionClose = true },
    };

    private readonly int managerCount;
    private readonly int workerCount;
    private bool isSpoiled;

    public static readonly string[] Managers = ["n1", "n2", "n3"];
    public static readonly string[] Workers = ["n4", "n5"];
    public static readonly string[] Hosts = [.. Managers, .. Workers];

    public Lab()
        : this(ManagerCount, WorkerCount)
    {
    }

    /// <summary>A lab of other size, for a test that does not give it back as it was.</summary>
    internal Lab(int managers, int workers)
    {
        (managerCount, workerCount) = (managers, workers);
        Boot();
    }

    /// <summary>The lab that is up; null between two of them.</summary>
    internal static Lab? Present { get; private set; }

    public void Dispose()
    {
        Present = null;
        if (Environment.GetEnvironmentVariable("SWARM_E2E_KEEP") is null or "")
            Run("down");
    }

    public CommandResult Run(params string[] arguments) =>
        CommandResult.Of(Path.Combine(Repository.Root, "lab"), arguments);

    /// <summary>swarmctl against the daemon of a host.</summary>
    public CommandResult Ctl(string host, params string[] arguments) => Run(["ctl", host, .. arguments]);

    /// <summary>swarmctl with something to read.</summary>
    public CommandResult CtlReads(string host, string input, params string[] arguments) =>
        CommandResult.Of(Path.Combine(Repository.Root, "lab"), ["ctl", host, .. arguments], input);

    /// <summary>A command inside a host.</summary>
    public CommandResult Sh(string host, params string[] command) => Run(["sh", host, .. command]);

    /// <summary>The pid of a host's daemon as this machine counts it.</summary>
    public string DaemonPid(string host) =>
        CommandResult.Of("pgrep", ["-f", "--", $"swarmd .*--cgroup-parent /swarm-lab-{host}$"]).Expect().Lines.Single();

    /// <summary>
    /// What each test starts from: no service, every host runs, every node is ready. A lab that could not be brought
    /// there fails one test; the next one gets a new lab.
    /// </summary>
    public void Reset()
    {
        if (isSpoiled)
            Boot();
        isSpoiled = true;
        Tidy();
        isSpoiled = false;
    }

    private void Boot()
    {
        Present = null;
        Run("down", "--any").Expect();
        var up = Run("up", "--managers", $"{managerCount}", "--workers", $"{workerCount}");
        if (up.ExitCode == 0)
        {
            Present = this;
            return;
        }

        var why = Trouble.Text(this);
        Run("down");
        throw new InvalidOperationException($"the lab did not come up\n{up.Text}\n{why}");
    }

    private void Tidy()
    {
        if (Hosts.Any(IsCut))
            Run("heal").Expect();
        foreach (var host in Hosts.Where(h => !QuickCtl.DaemonListens(h)))
            Run("start", host).Expect();
        Wait.Until("all nodes Ready and Active, one leader", SettleSeconds, IsWhole, () => NodesText("n1"));
        var names = QuickCtl.Run("n1", "service", "ls", "-q").Expect().Lines;
        if (names.Length > 0)
            QuickCtl.Run("n1", ["service", "rm", .. names]).Expect();
        Wait.Until("no container of an earlier test", SettleSeconds, () => !HasWebProcess());
    }

    /// <summary>On the other side of a partition.</summary>
    private static bool IsCut(string host)
    {
        var file = Path.Combine(Folder, host, "bridge");
        return File.Exists(file) && File.ReadAllText(file).Trim() != MainBridge;
    }

    /// <summary>On any host, as this machine sees them.</summary>
    private static bool HasWebProcess() => Directory.EnumerateDirectories("/proc").Any(folder =>
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, "cmdline")).StartsWith(WebCommand, StringComparison.Ordinal)
                && File.ReadAllText(Path.Combine(folder, "cgroup")).Contains(Cgroups, StringComparison.Ordinal);
        }
        catch (IOException)
        {
            // No process, or one that has just ended.
            return false;
        }
    });

    /// <summary>
    /// Until the end of the test nobody is down before a minute of silence: a daemon may take that long to start, or
    /// to be unlocked, and its tasks are not replaced meanwhile.
    /// </summary>
    internal IDisposable WaitLongForNodes()
    {
        Ctl("n1", "swarm", "update", "--dispatcher-heartbeat", "20s").Expect();
        return new Impatience(this);
    }

    /// <summary>Where all that the hosts have on disk is, as this machine sees it.</summary>
    internal static string Folder =>
        Environment.GetEnvironmentVariable("LAB_DIR") ?? Path.Combine(Repository.Root, ".lab");

    /// <summary>What the daemon of a host remembers.</summary>
    public static string Data(string host) => Path.Combine(Folder, host, "data");

    public static string Address(string host) => $"10.99.0.{10 + int.Parse(host.AsSpan(1), null)}";

    /// <summary>The answer of a host at a port, or null when there is none with status 200.</summary>
    public static string? Get(string host, int port)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{Address(host)}:{port}/");
            using var response = Http.Send(request);
            using var reader = new StreamReader(response.Content.ReadAsStream());
            return response.StatusCode == HttpStatusCode.OK ? reader.ReadToEnd().Trim() : null;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException or IOException)
        {
            return null;
        }
    }

    internal IReadOnlyList<NodeRow> Nodes(string host)
    {
        var list = QuickCtl.Run(host, "node", "ls", "--format", "json");
        return list.ExitCode == 0 ? [.. list.Lines.Select(NodeRow.Parse)] : [];
    }

    /// <summary>All tasks of a service that the swarm remembers, newest of a slot first.</summary>
    internal IReadOnlyList<TaskRow> Tasks(string host, string service)
    {
        var list = QuickCtl.Run(host, "service", "ps", "--no-trunc", "--format", "json", service);
        return list.ExitCode == 0 ? [.. list.Lines.Select(TaskRow.Parse)] : [];
    }

    internal IReadOnlyList<TaskRow> Running(string host, string service) =>
        [.. Tasks(host, service).Where(task => task.IsRunning)];

    /// <summary>The leader as the given host knows it.</summary>
    public string Leader(string host) =>
        Nodes(host).FirstOrDefault(node => node.ManagerStatus == "Leader")?.Hostname ?? "";

    /// <summary>Pids, as the host counts them, of the first processes of the demo containers.</summary>
    public string[] WebProcesses(string host) =>
        Sh(host, "pgrep", "-f", "^/bin/sh /bin/web").Lines;

    /// <summary>Creates a service and waits as swarmctl does.</summary>
    public CommandResult Create(string name, params string[] more) =>
        Ctl("n1", ["service", "create", "--name", name, .. more]);

    public string ServiceText(string host, string service) =>
        QuickCtl.Run(host, "service", "ps", "--no-trunc", service).Text;

    public string NodesText(string host) => QuickCtl.Run(host, "node", "ls").Text;

    private sealed class Impatience(Lab lab) : IDisposable
    {
        public void Dispose() => lab.Ctl("n1", "swarm", "update", "--dispatcher-heartbeat", "1s").Expect();
    }

    private bool IsWhole()
    {
        var nodes = Nodes("n1").Where(node => Hosts.Contains(node.Hostname)).ToList();
        return nodes.Count(node => node.IsUsable) >= Hosts.Length
            && nodes.Count(node => node.ManagerStatus == "Leader") == 1
            && nodes.Count(node => node.ManagerStatus is "Leader" or "Reachable") >= ManagerCount;
    }
}

[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class LabCollection : ICollectionFixture<Lab>
{
    public const string Name = "lab";
}
