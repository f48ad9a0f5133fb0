using System.CommandLine;
using Swarm.Ctl.Cli;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`swarm init --force-new-cluster`</summary>
internal static class ForceNewCluster
{
    internal static readonly Option<bool> Force = new("--force-new-cluster")
    {
        Description = "Begin anew with what this manager has, as the only manager, when the quorum is lost for ever",
    };

    internal static readonly Option<bool> Observe = new("--observe")
    {
        Description = "With --force-new-cluster: start and stop nothing until 'swarm resume'",
    };

    internal static async Task<int> RunAsync(
        Cli.Ctl ctl, ParseResult parsed, IEnumerable<Option> others, CancellationToken ct)
    {
        if (others.FirstOrDefault(o => parsed.GetResult(o) is { Implicit: false }) is { } other)
        {
            throw new UsageException($"{other.Name} is for a new swarm; --force-new-cluster keeps what the swarm has");
        }

        var answer = await ctl.LocalAsync<ForceNewClusterRequest, ForceNewClusterResponse>(
            "ForceNewCluster",
            new ForceNewClusterRequest
            {
                AdvertiseAddress = parsed.GetValue(SwarmInit.Advertise) ?? "",
                ListenAddress = parsed.GetValue(SwarmInit.Listen) ?? "",
                Observe = parsed.GetValue(Observe),
            },
            ct).ConfigureAwait(false);
        Say(ctl, answer, parsed.GetValue(Observe));
        return ExitCode.Done;
    }

    /// <summary>Managers that are no members any more, and what to do with them.</summary>
    internal static void SayRemoved(Cli.Ctl ctl, IReadOnlyCollection<RemovedManager> removed)
    {
        if (removed.Count == 0)
        {
            return;
        }

        ctl.Out.WriteLine();
        ctl.Out.WriteLine(
            "Managers that are no members any more. They are refused; on each of them run 'swarmctl swarm leave "
            + "--force' and join it again:");
        foreach (var manager in removed)
        {
            ctl.Out.WriteLine($"    {manager.Hostname} {manager.Address} ({manager.NodeId})");
        }
    }

    private static void Say(Cli.Ctl ctl, ForceNewClusterResponse answer, bool observes)
    {
        ctl.Out.WriteLine(
            $"Swarm begun anew: current node ({answer.NodeId}) is its only manager, epoch {answer.Epoch}.");
        if (answer.KeptEntries > 0)
        {
            ctl.Out.WriteLine(
                $"The last {answer.KeptEntries} entries of its log were kept although this manager had not seen them "
                + "agreed upon: look at what was changed last.");
        }

        SayRemoved(ctl, answer.RemovedManagers);
        ctl.Out.WriteLine();
        ctl.Out.WriteLine("Join tokens were rotated: 'swarmctl swarm join-token' shows the new ones.");
        if (observes)
        {
            ctl.Out.WriteLine(
                "The swarm observes: 'swarmctl swarm observe' shows what runs, 'swarmctl swarm resume' ends it.");
        }
    }
}
