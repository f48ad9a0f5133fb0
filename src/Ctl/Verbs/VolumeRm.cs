using System.CommandLine;
using Swarm.Ctl.Cli;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`volume rm`</summary>
internal static class VolumeRm
{
    internal static Command Build()
    {
        var names = VerbParts.Several("VOLUME", ArgumentArity.OneOrMore);
        var force = new Option<bool>("--force", "-f") { Description = "One that is not there is no error" };
        var command = new Command("rm", "Remove one or more volumes that no container uses") { names, force };
        command.Aliases.Add("remove");
        return command.Does((ctl, parsed, ct) => Verb.EachAsync(
            parsed.GetRequiredValue(names), ctl,
            async name =>
            {
                await ctl.LocalAsync<RemoveVolumeRequest, RemoveVolumeResponse>(
                    "RemoveVolume", new RemoveVolumeRequest { Name = name, Force = parsed.GetValue(force) }, ct)
                    .ConfigureAwait(false);
                ctl.Out.WriteLine(name);
            },
            ct));
    }
}
