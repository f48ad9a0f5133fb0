using System.CommandLine;
using Swarm.Ctl.Cli;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`swarm join-token`</summary>
internal static class SwarmJoinToken
{
    internal static Command Build()
    {
        var role = new Argument<string>("worker|manager");
        var rotate = new Option<bool>(
            "--rotate") { Description = "Replace the token; the old one is refused from then on" };
        var quiet = VerbParts.Quiet("Only display token");
        var command = new Command("join-token", "Manage join tokens") { role, rotate, quiet };
        return command.Does(async (ctl, parsed, ct) =>
        {
            var name = parsed.GetRequiredValue(role);
            var asked = name switch
            {
                "worker" => NodeRole.Worker,
                "manager" => NodeRole.Manager,
                _ => throw new UsageException($"unknown role {name}; use worker or manager"),
            };
            var tokens = parsed.GetValue(rotate)
                ? await ctl.CallAsync<RotateJoinTokenRequest, GetJoinTokensResponse>(
                    "RotateJoinToken", new RotateJoinTokenRequest { Role = asked }, ct).ConfigureAwait(false)
                : await ctl.CallAsync<GetJoinTokensRequest, GetJoinTokensResponse>(
                    "GetJoinTokens", new GetJoinTokensRequest(), ct).ConfigureAwait(false);
            var token = asked == NodeRole.Manager ? tokens.Manager : tokens.Worker;
            if (parsed.GetValue(quiet))
            {
                ctl.Out.WriteLine(token);
                return ExitCode.Done;
            }

            if (parsed.GetValue(rotate))
            {
                ctl.Out.WriteLine($"Successfully rotated {name} join token.");
                ctl.Out.WriteLine();
            }

            ctl.Out.WriteLine($"To add a {name} to this swarm, run the following command:");
            ctl.Out.WriteLine();
            ctl.Out.WriteLine($"    swarmctl swarm join --token {token} {tokens.ManagerAddress}");
            ctl.Out.WriteLine();
            return ExitCode.Done;
        });
    }
}
