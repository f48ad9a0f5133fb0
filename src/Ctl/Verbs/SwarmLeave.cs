using System.CommandLine;
using Swarm.Ctl.Cli;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`swarm leave`</summary>
internal static class SwarmLeave
{
    internal static Command Build()
    {
        var force = new Option<bool>("--force", "-f") { Description = "Leave even as a manager" };
        var command = new Command("leave", "Leave the swarm") { force };
        return command.Does(async (ctl, parsed, ct) =>
        {
            var answer = await ctl.LocalAsync<LeaveSwarmRequest, LeaveSwarmResponse>(
                "LeaveSwarm", new LeaveSwarmRequest { Force = parsed.GetValue(force) }, ct).ConfigureAwait(false);
            ctl.Out.WriteLine("Node left the swarm.");
            foreach (var warning in answer.Warnings)
            {
                ctl.Error.WriteLine("WARNING: " + Printable.Line(warning));
            }

            return ExitCode.Done;
        });
    }
}
