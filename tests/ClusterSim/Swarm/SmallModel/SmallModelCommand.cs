using System.Globalization;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Scheduler;
using Swarm.Store;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>
/// Two nodes, two services, two replicas each: every order of every step with at most so many failures, each state
/// visited once. Where only steps are taken that are no failures, no state may come again: that would be a livelock.
/// </summary>
internal static class SmallModelCommand
{
    public const string Usage =
        "       ClusterSim small-model [--failures N] [--updates N] [--most-states N] [--bug NAME]";

    /// <summary>Everything up to three failures.</summary>
    public const int MaxFailures = 3;

    /// <summary>Between two starts of the second service's tasks; the first has none.</summary>
    private const int DelaySeconds = 5;

    /// <summary>Of each service.</summary>
    internal const ulong Replicas = 2;

    /// <summary>The last letter tells them apart.</summary>
    internal static readonly NodeId[] Nodes = [new("n1"), new("n2")];

    /// <summary>One letter each.</summary>
    internal static readonly ServiceId[] Services = [new("a"), new("b")];

    public static int Run(string[] args, TextWriter output)
    {
        var failures = SwarmCommand.Number(args, "--failures", MaxFailures);
        var updates = SwarmCommand.Number(args, "--updates", 0);
        var search = new ModelSearch((long)SwarmCommand.Number(args, "--most-states", 0))
        {
            Level = (failed, states) => Say(
                output, $"{failed} failures: {states} states; {CpuSeconds:f1} s of processor"),
        };
        var bug = SwarmCommand.Text(args, "--bug") is { } name ? Enum.Parse<PlantedBug>(name) : PlantedBug.None;
        if (Explore(search, (int)failures, (int)updates, bug) is { } e)
        {
            output.WriteLine($"{e.Message}\n  {string.Join("\n  ", search.Trail?.Lines() ?? [])}");
            return 1;
        }
        Say(output, $"at most {failures} failures and {updates} updates: {search.States} states, {search.Steps} steps");
        Say(output, $"{search.AtRest} at rest; {(search.IsExhausted ? "" : "NOT ")}exhausted, {CpuSeconds:f1} s");
        return search.IsExhausted ? 0 : 1;
    }

    /// <summary>What it took, whatever else the machine did meanwhile.</summary>
    private static double CpuSeconds => Environment.CpuUsage.TotalTime.TotalSeconds;

    private static void Say(TextWriter output, FormattableString text)
    {
        output.WriteLine(text.ToString(CultureInfo.InvariantCulture));
        output.Flush();
    }

    /// <summary>What is broken; null when every state was visited and nothing is.</summary>
    internal static ViolationException? Explore(
        ModelSearch search, int failures, int updates, PlantedBug bug = PlantedBug.None)
    {
        var start = Start(failures, updates);
        Planted.Bug = bug;
        try
        {
            search.Explore(start);
            return null;
        }
        catch (ViolationException e)
        {
            return e;
        }
        finally
        {
            Planted.Bug = PlantedBug.None;
        }
    }

    /// <summary>Both services run.</summary>
    internal static ModelState Start(int failures, int updates)
    {
        var now = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var state = new ModelState(ClusterState.Empty, now, [], 0, 0);
        var cluster = SwarmRunner.Cluster();
        state = ModelLog.Commit(state, [new StoreAction.SetCluster(cluster with
        {
            Spec = new ClusterSpec { TaskHistoryLimit = -1 },
        })]);
        foreach (var id in Nodes)
        {
            var description = new NodeDescription
            {
                Hostname = id.Value,
                Resources = new Resources { NanoCpus = 4_000_000_000, MemoryBytes = 4L << 30 },
            };
            state = ModelLog.Commit(state,
            [
                new StoreAction.CreateNode(new NodeRecord
                {
                    Id = id, CreatedAt = default, Spec = new NodeSpec(), Role = NodeRole.Worker,
                }),
                new StoreAction.SetNodeDescription(id, description),
                new StoreAction.SetNodeStatus(id, NodeStatus.Types.State.Ready, "", ""),
            ]);
        }
        foreach (var (id, delay) in Services.Zip(new[] { 0, DelaySeconds }))
            state = ModelLog.Commit(state, [new StoreAction.CreateService(id, Spec(id.Value, delay))]);
        while (ModelSteps.Of(state) is { Count: > 0 } steps)
            state = ModelLog.Sift(steps[0].Next);
        return state with { Failures = failures, Updates = updates, HasUpdates = updates > 0 };
    }

    private static ServiceSpec Spec(string name, int delaySeconds) => new()
    {
        Name = name,
        Replicated = new ReplicatedMode { Replicas = 2 },
        Task = new TaskSpec
        {
            Container = new ContainerSpec { Image = "ok:1" },
            Restart = new RestartPolicy { DelayNs = delaySeconds * 1_000_000_000L },
        },
        Update = new UpdatePolicy { MonitorNs = 0, FailureAction = UpdatePolicy.Types.FailureAction.Continue },
    };
}
