using System.CommandLine;
using Swarm.Ctl.Cli;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`service rm`</summary>
internal static class ServiceRm
{
    internal static Command Build()
    {
        var services = VerbParts.Several("SERVICE", ArgumentArity.OneOrMore);
        var command = new Command("rm", "Remove one or more services") { services };
        command.Aliases.Add("remove");
        return command.Does((ctl, parsed, ct) => Verb.EachAsync(
            parsed.GetRequiredValue(services), ctl,
            async reference =>
            {
                await ctl.CallAsync<RemoveServiceRequest, RemoveServiceResponse>(
                    "RemoveService", new RemoveServiceRequest { Ref = reference }, ct).ConfigureAwait(false);
                ctl.Out.WriteLine(reference);
            },
            ct));
    }
}
