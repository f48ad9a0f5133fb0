using System.Collections.Immutable;
using System.Diagnostics;
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
    public const string Usage = "       ClusterSim small-model [--failures N] [--updates N] [--bug NAME]";

    /// <summary>Everything up to three failures.</summary>
    public const int MaxFailures = 3;

    public static int Run(string[] args, TextWriter output)
    {
        var watch = Stopwatch.StartNew();
        var search = new ModelSearch();
        var failures = SwarmCommand.Number(args, "--failures", MaxFailures);
        var updates = SwarmCommand.Number(args, "--updates", 0);
        var bug = SwarmCommand.Text(args, "--bug") is { } name ? Enum.Parse<PlantedBug>(name) : PlantedBug.None;
        if (Explore(search, (int)failures, (int)updates, bug) is { } e)
        {
            output.WriteLine($"{e.Message}\n  {string.Join("\n  ", search.Path)}");
            return 1;
        }
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{search.States} states, {search.Steps} steps, {search.AtRest} at rest, at most {failures} failures and "
            + $"{updates} updates, longest way {search.Longest}; {watch.Elapsed.TotalSeconds:f1} s"));
        return 0;
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
        var containers = ImmutableSortedDictionary<TaskId, (NodeId, Piece)>.Empty;
        var state = new ModelState(ClusterState.Empty, now, containers, [], 0, 0, 0);
        foreach (var name in new[] { "n1", "n2" })
        {
            var description = new NodeDescription
            {
                Hostname = name,
                Resources = new Resources { NanoCpus = 4_000_000_000, MemoryBytes = 4L << 30 },
            };
            state = ModelSteps.Commit(state,
            [
                new StoreAction.CreateNode(new NodeRecord
                {
                    Id = new NodeId(name), CreatedAt = default, Spec = new NodeSpec(), Role = NodeRole.Worker,
                }),
                new StoreAction.SetNodeDescription(new NodeId(name), description),
                new StoreAction.SetNodeStatus(new NodeId(name), NodeStatus.Types.State.Ready, "", ""),
            ]);
        }
        state = ModelSteps.Commit(state, [new StoreAction.CreateService(new ServiceId("a"), Spec("a", 0))]);
        state = ModelSteps.Commit(state, [new StoreAction.CreateService(new ServiceId("b"), Spec("b", 5))]);
        while (ModelSteps.Of(state) is { Count: > 0 } steps)
            state = steps[0].Next;
        return state with { Failures = failures, Updates = updates };
    }

    private static ServiceSpec Spec(string name, long delaySeconds) => new()
    {
        Name = name,
        Replicated = new ReplicatedMode { Replicas = 2 },
        Task = new TaskSpec
        {
            Container = new ContainerSpec { Image = "ok:1" },
            Restart = new RestartPolicy { DelayNs = delaySeconds * 1_000_000_000 },
        },
        Update = new UpdatePolicy { MonitorNs = 0, FailureAction = UpdatePolicy.Types.FailureAction.Continue },
    };
}
