using System.CommandLine;
using System.Security.Cryptography;
using Swarm.Ctl.Cli;
using Swarm.Ctl.Spec;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`service create`</summary>
internal static class ServiceCreate
{
    internal static Command Build()
    {
        var command = new Command("create", "Create a new service");
        var (image, args) = VerbParts.ImageAndCommand(command);
        var flags = new FlagSet(command, ServiceFlags.Shared, ServiceFlags.Create);
        return command.Does(async (ctl, parsed, ct) =>
        {
            var values = flags.Read(parsed);
            var spec = SpecBuilder.Create(
                values, parsed.GetRequiredValue(image), parsed.GetValue(args) ?? [], GeneratedName());
            await PayloadIds.ResolveAsync(ctl, spec, ct).ConfigureAwait(false);
            var created = await ctl.CallAsync<CreateServiceRequest, CreateServiceResponse>(
                "CreateService",
                new CreateServiceRequest
                {
                    Spec = spec,
                    NoResolveImage = values.IsOn("no-resolve-image"),
                    DryRun = values.IsOn("dry-run"),
                    WithRegistryAuth = values.IsOn("with-registry-auth"),
                },
                ct).ConfigureAwait(false);
            foreach (var warning in created.Warnings)
            {
                ctl.Error.WriteLine("WARNING: " + warning);
            }

            if (values.IsOn("dry-run"))
            {
                ctl.Out.WriteLine($"{spec.Name} could be created (dry run: nothing was changed)");
                return ExitCode.Done;
            }

            ctl.Out.WriteLine(created.Id);
            return await Convergence.WaitUnlessDetachedAsync(
                    ctl, new EditedService(created.Id, 0), created.Id, values, ct)
                .ConfigureAwait(false);
        });
    }

    internal static string GeneratedName()
    {
        string[] first = ["brave", "calm", "eager", "gentle", "happy", "keen", "lucid", "merry", "quiet", "swift"];
        string[] second = ["badger", "falcon", "heron", "ibex", "lynx", "marten", "otter", "puffin", "raven", "seal"];
        static string One(string[] words) => words[RandomNumberGenerator.GetInt32(words.Length)];
        return $"{One(first)}_{One(second)}{RandomNumberGenerator.GetInt32(1000)}";
    }
}
