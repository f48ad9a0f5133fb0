using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Swarm.Raft;
using Swarm.Store;

namespace Swarm.Bench.RaftLog;

/// <summary>The leader in this process, each other member in one of its own.</summary>
internal sealed class Cluster : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly List<Process> _others = [];
    private readonly string _directory;
    private Member? _leader;

    private readonly bool _stored;

    private Cluster(string directory, bool stored) => (_directory, _stored) = (directory, stored);

    public RaftNode Leader => _leader!.Node;

    public int Members => _others.Count + 1;

    /// <summary>What all of them used of the cores until now.</summary>
    public TimeSpan CpuTime => _others.Prepend(Process.GetCurrentProcess()).Aggregate(TimeSpan.Zero, (sum, process) =>
    {
        process.Refresh();
        return sum + process.TotalProcessorTime;
    });

    /// <param name="parent">Where its logs go.</param>
    /// <param name="members">How many.</param>
    /// <param name="state">Of the leader, when all of them are to have a store.</param>
    public static async Task<Cluster> StartAsync(string parent, int members, IStateMachine? state = null)
    {
        var cluster = new Cluster(Directory.CreateDirectory(
            Path.Combine(parent, $"raft-bench-{Environment.ProcessId}")).FullName, state is not null);
        Pki.Create(cluster._directory);
        cluster._leader = await Member.StartAsync(cluster._directory, 1, FreePort(), state, first: true)
            .ConfigureAwait(false);
        await UntilAsync(() => cluster.Leader.Status.LeaderReady).ConfigureAwait(false);
        for (var id = 2; id <= members; id++)
            await cluster.AddAsync((ulong)id).ConfigureAwait(false);
        return cluster;
    }

    public async ValueTask DisposeAsync()
    {
        if (_leader is not null)
            await _leader.DisposeAsync().ConfigureAwait(false);
        foreach (var other in _others)
        {
            other.StandardInput.Close();
            await other.WaitForExitAsync().ConfigureAwait(false);
            other.Dispose();
        }

        Directory.Delete(_directory, recursive: true);
    }

    private async Task AddAsync(ulong id)
    {
        var port = FreePort();
        string[] arguments =
        [
            "member", _directory, id.ToString(CultureInfo.InvariantCulture),
            port.ToString(CultureInfo.InvariantCulture), _stored ? "store" : "nothing",
        ];
        var other = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        _others.Add(other);
        await other.StandardOutput.ReadLineAsync().WaitAsync(Patience).ConfigureAwait(false);
        using var limit = new CancellationTokenSource(Patience);
        var added = await Leader.ChangeMembershipAsync(ConfChange.AddLearner(Member.Describe(id, port)), limit.Token)
            .ConfigureAwait(false);
        if (added.Outcome != ProposeOutcome.Done)
            throw new InvalidOperationException($"member {id} was not added: {added.Message}");
        await UntilAsync(() => Leader.Status.Members.Count(m => !m.Learner) == (int)id).ConfigureAwait(false);
        // The change itself has to be committed before the next one.
        var nothing = EntryCodec.Encode(new StoreEntry(default, []));
        await Leader.ProposeAsync(nothing, limit.Token).ConfigureAwait(false);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (!condition())
            await Task.Delay(5, limit.Token).ConfigureAwait(false);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
