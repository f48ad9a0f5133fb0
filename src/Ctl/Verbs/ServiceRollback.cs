using System.CommandLine;
using Swarm.Ctl.Cli;
using Swarm.Ctl.Spec;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`service rollback`</summary>
internal static class ServiceRollback
{
    internal static Command Build()
    {
        var service = new Argument<string>("SERVICE");
        var command = new Command("rollback", "Revert changes to a service's configuration") { service };
        var flags = WaitFlags.AddTo(command);
        return command.Does((ctl, parsed, ct) =>
            RunAsync(ctl, parsed.GetRequiredValue(service), flags.Read(parsed), ct));
    }

    internal static async Task<int> RunAsync(Cli.Ctl ctl, string reference, FlagValues flags, CancellationToken ct)
    {
        var edited = await ServiceEdit.ApplyAsync(
            ctl, reference, _ => new UpdateServiceRequest { Rollback = true }, ct).ConfigureAwait(false);
        ctl.Out.WriteLine(reference);
        return await Convergence.WaitUnlessDetachedAsync(
            ctl, edited with { Version = 0 }, reference, flags, ct).ConfigureAwait(false);
    }
}

/// <summary>The flags of verbs that only wait.</summary>
internal static class WaitFlags
{
    internal static FlagSet AddTo(Command command)
    {
        string[] names = ["detach", "quiet", "timeout"];
        return new FlagSet(command, [.. ServiceFlags.Shared.Where(f => names.Contains(f.Name))]);
    }
}
