using System.CommandLine;
using Swarm.Ctl.Cli;
using Swarm.Ctl.Spec;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`volume create`</summary>
internal static class VolumeCreate
{
    /// <summary>Of docker's volumes of a cluster, which need a driver that spans it.</summary>
    private static readonly string[] ClusterFlags =
    [
        "--availability", "--group", "--limit-bytes", "--required-bytes", "--scope", "--secret", "--sharing",
        "--topology-preferred", "--topology-required", "--type",
    ];

    internal static Command Build()
    {
        var name = new Argument<string?>("VOLUME") { Arity = ArgumentArity.ZeroOrOne };
        var driver = new Option<string?>("--driver", "-d") { Description = "local, the only one", HelpName = "string" };
        var label = new Option<string[]>("--label")
        {
            Description = "KEY=VALUE", HelpName = "list", DefaultValueFactory = _ => [],
        };
        var opt = new Option<string[]>("--opt", "-o")
        {
            Description = "type=, device= or o=, as of mount(8)", HelpName = "map", DefaultValueFactory = _ => [],
        };
        var command = new Command("create", "Create a volume on this node") { name, driver, label, opt };
        var refused = ClusterFlags.Select(f => new Option<string[]>(f) { Hidden = true }).ToList();
        refused.ForEach(command.Add);
        return command.Does(async (ctl, parsed, ct) =>
        {
            if (refused.Find(o => parsed.GetResult(o) is not null) is { } flag)
            {
                throw new CtlException(
                    ExitCode.Refused,
                    $"{flag.Name} is not available in this version: volumes belong to one node; use the driver "
                    + "local");
            }

            var request = new CreateVolumeRequest
            {
                Name = parsed.GetValue(name) ?? "", Driver = parsed.GetValue(driver) ?? "",
            };
            foreach (var (key, value) in parsed.GetRequiredValue(label).Select(l => KeyValues.Split("--label", l)))
            {
                request.Labels[key] = value;
            }

            foreach (var (key, value) in parsed.GetRequiredValue(opt).Select(o => KeyValues.Split("--opt", o)))
            {
                request.Options[key] = value;
            }

            var made = await ctl.LocalAsync<CreateVolumeRequest, CreateVolumeResponse>("CreateVolume", request, ct)
                .ConfigureAwait(false);
            ctl.Out.WriteLine(made.Volume.Name);
            return ExitCode.Done;
        });
    }
}
