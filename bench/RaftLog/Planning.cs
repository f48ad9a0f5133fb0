using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Swarm.Bench.Scheduling;
using Swarm.Manager;
using Swarm.Store;

namespace Swarm.Bench.RaftLog;

/// <summary>
/// The leader's loop as it is: planner, real log of several managers, each with its store. A large service is made
/// while a user writes.
/// </summary>
internal static class Planning
{
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static async Task RunAsync(string directory, int members, int nodes, int tasks)
    {
        var counted = new CountedStore(new ClusterStore(TimeProvider.System));
        var store = counted.Store;
        await using var cluster = await Cluster.StartAsync(directory, members, counted).ConfigureAwait(false);
        var proposer = new Proposer(cluster.Leader, store);
        var isOver = false;
        cluster.Leader.StatusChanged += status =>
        {
            // Who leads then plans on, but nobody here sees it.
            if (!status.LeaderReady && !Volatile.Read(ref isOver))
                Environment.FailFast("the machine was too busy: the leader changed; run it again");
        };
        foreach (var piece in Clusters.NewNodes(nodes).Prepend(Clusters.Cluster()).Chunk(1_000))
            await proposer.ProposeAsync(piece, DateTimeOffset.UtcNow, default).ConfigureAwait(false);
        using var leading = new CancellationTokenSource();
        var loop = Task.Run(() => new PlannerLoop(store, proposer, new ManagerLog(NullLogger.Instance))
            .RunAsync(leading.Token));
        _ = loop.ContinueWith(
            t => Environment.FailFast("the planner broke", t.Exception), TaskContinuationOptions.OnlyOnFaulted);
        for (var i = 0; i < Writer.Services; i++)
            await CreateAsync(store, proposer, i, 1).ConfigureAwait(false);
        // Until the compiler has settled.
        await CreateAsync(store, proposer, Writer.Services, tasks / 10).ConfigureAwait(false);
        await WriteAsync(store, proposer, "alone", () => Task.Delay(Quiet)).ConfigureAwait(false);
        await WriteAsync(
            store, proposer, $"while {tasks} replicas are made",
            () => MeasureAsync(counted, proposer, cluster, tasks)).ConfigureAwait(false);
        Volatile.Write(ref isOver, true);
        await leading.CancelAsync().ConfigureAwait(false);
        await loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static async Task WriteAsync(ClusterStore store, Proposer proposer, string what, Func<Task> meanwhile)
    {
        GC.Collect();
        var writer = new Writer(store, proposer);
        var pauses = new Pauses();
        using var stop = new CancellationTokenSource();
        var writing = writer.RunAsync(stop.Token);
        await meanwhile().ConfigureAwait(false);
        await stop.CancelAsync().ConfigureAwait(false);
        await writing.ConfigureAwait(false);
        Console.WriteLine($"{what}: {writer.Describe()}; {pauses.Describe()}");
    }

    private static async Task MeasureAsync(CountedStore counted, Proposer proposer, Cluster cluster, int tasks)
    {
        var (bytes, entries, cpu) = (counted.Bytes, counted.Entries, cluster.CpuTime);
        var took = await CreateAsync(counted.Store, proposer, Writer.Services + 1, tasks).ConfigureAwait(false);
        (bytes, entries, cpu) = (counted.Bytes - bytes, counted.Entries - entries, cluster.CpuTime - cpu);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"create {tasks} replicas, {cluster.Members} managers: {took.TotalMilliseconds:f0} ms, "
            + $"{tasks / took.TotalSeconds:f0} tasks/s, {bytes / tasks} bytes of log a task, {entries} entries, "
            + $"CPU of all {cpu.TotalMilliseconds:f0} ms, memory {Environment.WorkingSet >> 20} MiB"));
    }

    /// <summary>From the answer to the command to the last task assigned in the leader's store.</summary>
    private static async Task<TimeSpan> CreateAsync(ClusterStore store, Proposer proposer, int number, int tasks)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var id = Clusters.Id(number);
        using var subscription = store.Subscribe(
            step =>
            {
                if (step.State.CountTasks(id) == tasks && step.State.WaitingTasks(id) == 0)
                    done.TrySetResult();
            },
            out _);
        await proposer.CommandAsync(
            new StoreAction.CreateService(id, Clusters.Spec(number, tasks)), default).ConfigureAwait(false);
        var watch = Stopwatch.StartNew();
        await done.Task.WaitAsync(Patience).ConfigureAwait(false);
        return watch.Elapsed;
    }
}
