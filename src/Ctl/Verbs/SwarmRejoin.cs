using System.CommandLine;
using Swarm.Ctl.Cli;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`swarm rejoin`: a member is told where its swarm's manager is now.</summary>
internal static class SwarmRejoin
{
    internal static Command Build()
    {
        var manager = new Argument<string>("HOST:PORT") { Description = "Address of a manager of this node's swarm" };
        var command = new Command(
            "rejoin", "Tell this node where its swarm was restored; it keeps its identity and its containers")
        {
            manager,
        };
        return command.Does(async (ctl, parsed, ct) =>
        {
            var address = parsed.GetRequiredValue(manager);
            var answer = await ctl.LocalAsync<RejoinSwarmRequest, RejoinSwarmResponse>(
                "RejoinSwarm", new RejoinSwarmRequest { Manager = address }, ct).ConfigureAwait(false);
            ctl.Out.WriteLine($"This node follows the manager at {address}, epoch {answer.Epoch} of its swarm.");
            return ExitCode.Done;
        });
    }
}
