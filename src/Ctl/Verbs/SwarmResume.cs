using System.CommandLine;
using Swarm.Ctl.Cli;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`swarm resume`: ends the observation of a restored swarm, after showing what that does.</summary>
internal static class SwarmResume
{
    internal static Command Build()
    {
        var force = new Option<bool>("--force", "-f") { Description = "Do not ask" };
        var command = new Command(
            "resume", "End the observation of a restored swarm: what runs is made what the services say")
        {
            force,
        };
        return command.Does(async (ctl, parsed, ct) =>
        {
            var seen = await SwarmObserve.ShowAsync(ctl, ct).ConfigureAwait(false);
            ObservationView.Print(ctl.Out, seen);
            if (!seen.Observing)
            {
                return ExitCode.Done;
            }

            if (!parsed.GetValue(force) && !Confirmed(ctl))
            {
                ctl.Error.WriteLine("Nothing was changed.");
                return ExitCode.Refused;
            }

            await ctl.CallAsync<EndObservationRequest, EndObservationResponse>(
                "EndObservation", new EndObservationRequest { Version = seen.Version }, ct).ConfigureAwait(false);
            ctl.Out.WriteLine("The swarm runs again.");
            return ExitCode.Done;
        });
    }

    private static bool Confirmed(Cli.Ctl ctl)
    {
        if (Console.IsInputRedirected)
        {
            throw new UsageException("swarm resume asks before it stops anything; --force answers for a script");
        }

        ctl.Out.Write("Go on? [y/N] ");
        ctl.Out.Flush();
        return Console.ReadLine()?.Trim() is "y" or "Y" or "yes";
    }
}
