using System.CommandLine;
using Swarm.Ctl.Cli;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`service scale a=1 b=2`</summary>
internal static class ServiceScale
{
    internal static Command Build()
    {
        var pairs = VerbParts.Several("SERVICE=REPLICAS", ArgumentArity.OneOrMore);
        var command = new Command("scale", "Scale one or multiple replicated services") { pairs };
        var flags = WaitFlags.AddTo(command);
        return command.Does(async (ctl, parsed, ct) =>
        {
            var wanted = parsed.GetRequiredValue(pairs).Select(Parse).ToList();
            var values = flags.Read(parsed);
            var scaled = new List<(EditedService Service, string Name)>();
            var result = await Verb.EachAsync(
                wanted.Select(w => w.Name), ctl,
                async name =>
                {
                    var edited = await ScaleAsync(ctl, name, wanted.Last(w => w.Name == name).Replicas, ct)
                        .ConfigureAwait(false);
                    scaled.Add((edited, name));
                },
                ct).ConfigureAwait(false);
            foreach (var (edited, name) in scaled)
            {
                var code = await Convergence.WaitUnlessDetachedAsync(ctl, edited, name, values, ct)
                    .ConfigureAwait(false);
                result = result == ExitCode.Done ? code : result;
            }

            return result;
        });
    }

    private static (string Name, ulong Replicas) Parse(string pair)
    {
        var equals = pair.LastIndexOf('=');
        return equals > 0
            ? (pair[..equals], Units.Count(pair[..equals], pair[(equals + 1)..], 100_000))
            : throw new UsageException($"'{pair}': invalid scale specifier; write SERVICE=REPLICAS");
    }

    private static async Task<EditedService> ScaleAsync(Cli.Ctl ctl, string name, ulong replicas, CancellationToken ct)
    {
        var edited = await ServiceEdit.ApplyAsync(
            ctl, name,
            stored => new UpdateServiceRequest { Spec = Scaled(stored.Spec, name, replicas), NoResolveImage = true },
            ct).ConfigureAwait(false);
        ctl.Out.WriteLine($"{name} scaled to {replicas}");
        return edited;
    }

    private static ServiceSpec Scaled(ServiceSpec stored, string name, ulong replicas)
    {
        var spec = stored.Clone();
        switch (spec.ModeCase)
        {
            case ServiceSpec.ModeOneofCase.Replicated:
                spec.Replicated.Replicas = replicas;
                return spec;
            case ServiceSpec.ModeOneofCase.ReplicatedJob:
                spec.ReplicatedJob.TotalCompletions = replicas;
                return spec;
            default:
                throw new CtlException(
                    ExitCode.Refused,
                    $"{name}: scale can only be used with replicated or replicated-job mode; the mode of this service "
                    + $"is {spec.ModeName()}, which has one task on each node");
        }
    }
}
