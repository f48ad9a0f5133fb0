using System.CommandLine;
using Swarm.Ctl.Cli;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`attach`, and what it shares with `exec`.</summary>
internal static class TaskTalks
{
    internal static Option<string> DetachKeysOption() => new("--detach-keys")
    {
        Description = $"Keys that leave the task alone (default {DetachKeys.Default})", HelpName = "string",
    };

    internal static Argument<string> Whom(bool here) => here
        ? ContainerParts.Container()
        : new Argument<string>("TASK") { Description = "Id, beginning of an id, or name like web.1" };

    /// <param name="here">Of `container`: only what this node runs is meant.</param>
    internal static Command BuildAttach(bool here = false)
    {
        var task = Whom(here);
        var noStdin = new Option<bool>("--no-stdin") { Description = "Do not attach STDIN" };
        var proxy = new Option<bool>("--sig-proxy")
        {
            Description = "Pass signals on to the program (default true)", DefaultValueFactory = _ => true,
        };
        var keys = DetachKeysOption();
        var command = new Command(
            "attach", "Attach standard input, output and error to the program of a running "
                + (here ? "container" : "task, on any node"))
        {
            task, noStdin, proxy, keys,
        };
        return command.Does(async (ctl, parsed, ct) =>
        {
            var work = new AttachWork { NoStdin = parsed.GetValue(noStdin), Size = Terminal.Size() };
            var form = new TalkForm(
                !work.NoStdin, null, parsed.GetValue(proxy), parsed.GetValue(keys) ?? DetachKeys.Default);
            var whom = parsed.GetRequiredValue(task);
            await using var talk = new TaskTalk(await ctl.ConverseAsync(whom, here, ct).ConfigureAwait(false), form);
            return await talk.RunAsync(new OpenTaskSession { Task = whom, Attach = work }, ctl.Error)
                .ConfigureAwait(false);
        });
    }
}
