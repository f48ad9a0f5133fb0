using System.CommandLine;
using Swarm.Ctl.Cli;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`swarm join`</summary>
internal static class SwarmJoin
{
    internal static Command Build()
    {
        var token = new Option<string?>(
            "--token") { Description = "Token of 'swarmctl swarm join-token'", HelpName = "string" };
        var manager = new Argument<string>("HOST:PORT") { Description = "Address of a manager" };
        var command = new Command("join", "Join a swarm as a node and/or manager")
        {
            token, SwarmInit.Advertise, SwarmInit.Listen, SwarmInit.Availability, manager,
        };
        return command.Does(async (ctl, parsed, ct) =>
        {
            var request = new JoinSwarmRequest
            {
                Token = parsed.GetValue(token) ?? throw new UsageException(
                    "--token is required; get one on a manager with 'swarmctl swarm join-token worker'"),
                AdvertiseAddress = parsed.GetValue(SwarmInit.Advertise) ?? "",
                ListenAddress = parsed.GetValue(SwarmInit.Listen) ?? "",
                Availability = SwarmInit.ParseAvailability(parsed.GetValue(SwarmInit.Availability)),
            };
            request.Managers.Add(parsed.GetRequiredValue(manager));
            var response = await ctl.LocalAsync<JoinSwarmRequest, JoinSwarmResponse>("JoinSwarm", request, ct)
                .ConfigureAwait(false);
            ctl.Out.WriteLine(response.Role == NodeRole.Manager
                ? "This node joined a swarm as a manager."
                : "This node joined a swarm as a worker.");
            return ExitCode.Done;
        });
    }
}
