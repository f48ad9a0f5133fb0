using System.CommandLine;
using System.Text.Json.Nodes;
using Swarm.Ctl.Cli;
using Swarm.Ctl.Format;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`version`</summary>
internal static class VersionVerb
{
    internal static string Client { get; } =
        typeof(VersionVerb).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";

    internal static Command Build()
    {
        var format = VerbParts.Format();
        var command = new Command("version", "Show the versions of swarmctl and of the daemon") { format };
        return command.Does(async (ctl, parsed, ct) =>
        {
            string? server = null;
            try
            {
                server = (await ctl.LocalAsync<GetInfoRequest, GetInfoResponse>("GetInfo", new GetInfoRequest(), ct)
                    .ConfigureAwait(false)).Version;
            }
            catch (Exception e) when (e is CtlException or Rpc.RpcException)
            {
                ctl.Error.WriteLine(e.Message);
            }

            var node = new JsonObject { ["Client"] = new JsonObject { ["Version"] = Client } };
            if (server is not null)
            {
                node["Server"] = new JsonObject { ["Version"] = server };
            }

            if (parsed.GetValue(format) is { Length: > 0 } template)
            {
                Documents.Print(ctl, [node], template);
            }
            else
            {
                ctl.Out.WriteLine($"Client:\n Version:    {Client}");
                if (server is not null)
                {
                    ctl.Out.WriteLine($"\nServer:\n Version:    {server}");
                }
            }

            return server is null ? ExitCode.Unavailable : ExitCode.Done;
        });
    }
}
