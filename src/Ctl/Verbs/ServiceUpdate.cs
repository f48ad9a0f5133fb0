using System.CommandLine;
using Swarm.Ctl.Cli;
using Swarm.Ctl.Spec;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`service update`</summary>
internal static class ServiceUpdate
{
    private static readonly string[] WithRollback = ["rollback", "detach", "quiet", "timeout"];

    internal static Command Build()
    {
        var service = new Argument<string>("SERVICE");
        var command = new Command("update", "Update a service") { service };
        var flags = new FlagSet(command, ServiceFlags.Shared, ServiceFlags.Update);
        return command.Does(async (ctl, parsed, ct) =>
        {
            var reference = parsed.GetRequiredValue(service);
            var values = flags.Read(parsed);
            if (values.IsOn("rollback"))
            {
                if (ServiceFlags.Shared.Concat(ServiceFlags.Update)
                    .Any(f => values.Has(f.Name) && !WithRollback.Contains(f.Name)))
                {
                    throw new UsageException("other flags may not be combined with --rollback");
                }

                return await ServiceRollback.RunAsync(ctl, reference, values, ct).ConfigureAwait(false);
            }

            var view = await VerbParts.ServiceAsync(ctl, reference, ct).ConfigureAwait(false);
            var response = await ctl.CallAsync<UpdateServiceRequest, UpdateServiceResponse>(
                "UpdateService",
                new UpdateServiceRequest
                {
                    ServiceId = view.Id,
                    Version = view.Version,
                    Spec = SpecChanger.Change(view.Spec, values),
                    NoResolveImage = values.IsOn("no-resolve-image"),
                },
                ct).ConfigureAwait(false);
            foreach (var warning in response.Warnings)
            {
                ctl.Error.WriteLine("WARNING: " + warning);
            }

            ctl.Out.WriteLine(reference);
            return await Convergence.WaitUnlessDetachedAsync(ctl, view.Id, reference, values, ct).ConfigureAwait(false);
        });
    }
}
