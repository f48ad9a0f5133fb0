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
                if (values.Given.Any(f => !WithRollback.Contains(f)))
                {
                    throw new UsageException("other flags may not be combined with --rollback; leave them out");
                }

                return await ServiceRollback.RunAsync(ctl, reference, values, ct).ConfigureAwait(false);
            }

            var dryRun = values.IsOn("dry-run");
            var edited = await ServiceEdit.ApplyAsync(
                ctl, reference,
                stored => new UpdateServiceRequest
                {
                    Spec = SpecChanger.Change(stored.Spec, values),
                    NoResolveImage = values.IsOn("no-resolve-image"),
                    DryRun = dryRun,
                    WithRegistryAuth = values.IsOn("with-registry-auth"),
                },
                ct).ConfigureAwait(false);
            if (dryRun)
            {
                ctl.Out.WriteLine($"{reference} could be updated (dry run: nothing was changed)");
                return ExitCode.Done;
            }

            ctl.Out.WriteLine(reference);
            return await Convergence.WaitUnlessDetachedAsync(ctl, edited, reference, values, ct).ConfigureAwait(false);
        });
    }
}
