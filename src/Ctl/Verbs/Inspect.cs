using System.CommandLine;
using System.Text.Json.Nodes;
using Swarm.Ctl.Cli;
using Swarm.Ctl.Format;
using Swarm.Protocol.V1;
using Swarm.Rpc;

namespace Swarm.Ctl.Verbs;

/// <summary>`inspect`: a task, service, node, secret or config by whatever name fits.</summary>
internal static class Inspect
{
    internal static Command Build()
    {
        var names = VerbParts.Several("NAME|ID", ArgumentArity.OneOrMore);
        var format = VerbParts.InspectFormat();
        var type = new Option<string?>("--type") { Description = "task, service, node, secret or config" };
        var command = new Command("inspect", "Display detailed information on an object of the swarm")
        {
            names, format, type,
        };
        return command.Does(async (ctl, parsed, ct) =>
        {
            var found = new List<JsonNode>();
            var result = await Verb.EachAsync(
                parsed.GetRequiredValue(names), ctl,
                async reference => found.Add(
                    await FindAsync(ctl, reference, parsed.GetValue(type), ct).ConfigureAwait(false)),
                ct).ConfigureAwait(false);
            Documents.Print(ctl, found, parsed.GetValue(format));
            return result;
        });
    }

    private static async Task<JsonNode> FindAsync(Cli.Ctl ctl, string reference, string? type, CancellationToken ct)
    {
        (string Type, Func<Task<JsonNode>> Ask)[] kinds =
        [
            ("task", async () => DockerJson.Task((await ctl.CallAsync<GetTaskRequest, GetTaskResponse>(
                "GetTask", new GetTaskRequest { Ref = reference }, ct).ConfigureAwait(false)).Task)),
            ("service", async () => DockerJson.Service(
                await VerbParts.ServiceAsync(ctl, reference, ct).ConfigureAwait(false))),
            ("node", async () => DockerJson.Node(await ctl.CallAsync<GetNodeRequest, GetNodeResponse>(
                "GetNode", new GetNodeRequest { Ref = reference }, ct).ConfigureAwait(false))),
            ("secret", async () => PayloadFormat.Json(
                await VerbParts.PayloadAsync(ctl, PayloadKind.Secret, reference, ct).ConfigureAwait(false))),
            ("config", async () => PayloadFormat.Json(
                await VerbParts.PayloadAsync(ctl, PayloadKind.Config, reference, ct).ConfigureAwait(false))),
        ];
        if (type is not null && kinds.All(k => k.Type != type))
        {
            throw new UsageException($"--type '{type}': unknown; use task, service, node, secret or config");
        }

        foreach (var (kind, ask) in kinds.Where(k => type is null || k.Type == type))
        {
            try
            {
                return await ask().ConfigureAwait(false);
            }
            catch (RpcException e) when (e.Code == RpcStatusCode.NotFound)
            {
                if (type is not null)
                {
                    throw new CtlException(ExitCode.NotFound, $"Error: no such {kind}: {reference}");
                }
            }
        }

        throw new CtlException(ExitCode.NotFound, $"Error: No such object: {reference}");
    }
}
