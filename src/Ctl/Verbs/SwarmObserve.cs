using System.CommandLine;
using Swarm.Ctl.Cli;
using Swarm.Ctl.Format;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`swarm observe`: what a restored swarm has found.</summary>
internal static class SwarmObserve
{
    internal static Command Build()
    {
        var format = VerbParts.Format();
        var command = new Command("observe", "Display what a restored swarm found running, and what resuming would do")
        {
            format,
        };
        return command.Does(async (ctl, parsed, ct) =>
        {
            var seen = await ShowAsync(ctl, ct).ConfigureAwait(false);
            if (parsed.GetValue(format) is { Length: > 0 } template)
            {
                Documents.Print(ctl, [ObservationView.Json(seen)], template);
            }
            else
            {
                ObservationView.Print(ctl.Out, seen);
            }

            return ExitCode.Done;
        });
    }

    internal static Task<GetObservationResponse> ShowAsync(Cli.Ctl ctl, CancellationToken ct) =>
        ctl.CallAsync<GetObservationRequest, GetObservationResponse>(
            "GetObservation", new GetObservationRequest(), ct);
}
