using System.CommandLine;
using System.Globalization;
using Swarm.Ctl.Cli;
using Swarm.Ctl.Format;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`container top`</summary>
internal static class ContainerTop
{
    private const int Gap = 20;
    private static readonly string[] Titles = ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"];

    internal static Command Build()
    {
        var container = ContainerParts.Container();
        var options = new Argument<string[]>("PS-OPTIONS")
        {
            Arity = ArgumentArity.ZeroOrMore, CaptureRemainingTokens = true, Description = "Only -ef, the default",
        };
        var command = new Command("top", "Display the running processes of a container") { container, options };
        return command.Does(async (ctl, parsed, ct) =>
        {
            if (parsed.GetValue(options) is { Length: > 0 } given && given is not ["-ef"])
            {
                throw new CtlException(
                    ExitCode.Refused,
                    $"ps options '{string.Join(' ', given)}' are not available in this version; leave them out");
            }

            var answer = await ctl.LocalAsync<TopContainerRequest, TopContainerResponse>(
                "TopContainer", new TopContainerRequest { Container = parsed.GetRequiredValue(container) }, ct)
                .ConfigureAwait(false);
            foreach (var row in answer.Processes.Select(Row).Prepend(Titles))
            {
                ctl.Out.WriteLine(string.Concat(row.Take(row.Length - 1).Select(c => c.PadRight(Gap))) + row[^1]);
            }

            return ExitCode.Done;
        });
    }

    private static string[] Row(ProcessView process)
    {
        var started = Ago.At(process.StartedNs).ToLocalTime();
        var cpu = TimeSpan.FromTicks((long)process.CpuNs / 100);
        return
        [
            Printable.Line(process.User),
            process.Pid.ToString(CultureInfo.InvariantCulture),
            process.Parent.ToString(CultureInfo.InvariantCulture),
            process.CpuPercent.ToString(CultureInfo.InvariantCulture),
            started.ToString(
                DateTimeOffset.Now - started < TimeSpan.FromDays(1) ? "HH:mm" : "MMMdd", CultureInfo.InvariantCulture),
            process.Tty,
            string.Create(CultureInfo.InvariantCulture, $"{(long)cpu.TotalHours:00}:{cpu.Minutes:00}:{cpu.Seconds:00}"),
            Printable.Line(process.Command),
        ];
    }
}
