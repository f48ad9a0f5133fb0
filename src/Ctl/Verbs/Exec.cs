using System.CommandLine;
using Swarm.Ctl.Cli;
using Swarm.Ctl.Spec;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`exec`</summary>
internal static class Exec
{
    /// <param name="here">Of `container`: only what this node runs is meant.</param>
    internal static Command Build(bool here = false)
    {
        var task = TaskTalks.Whom(here);
        var args = new Argument<string[]>("COMMAND")
        {
            Arity = ArgumentArity.OneOrMore, CaptureRemainingTokens = true, Description = "Command and arguments",
        };
        var detach = new Option<bool>("--detach", "-d") { Description = "Run the command in the background" };
        var interactive = new Option<bool>("--interactive", "-i") { Description = "Keep STDIN open" };
        var tty = new Option<bool>("--tty", "-t") { Description = "Allocate a pseudo-TTY" };
        var env = Several("--env", "-e", "Set environment variables");
        var envFile = Several("--env-file", null, "Read in a file of environment variables");
        var user = new Option<string>("--user", "-u") { Description = "Name or id: USER[:GROUP]" };
        var workdir = new Option<string>("--workdir", "-w") { Description = "Working directory in the container" };
        var keys = TaskTalks.DetachKeysOption();
        var privileged = new Option<bool>("--privileged") { Hidden = true };
        var command = new Command("exec", here
            ? "Execute a command in a running container"
            : "Execute a command in a running task, on any node")
        {
            task, args, detach, interactive, tty, env, envFile, user, workdir, keys, privileged,
        };
        return command.Does(async (ctl, parsed, ct) =>
        {
            if (parsed.GetValue(privileged))
            {
                throw new UsageException(
                    "--privileged: refused: a command gets no more rights than its task; run the service with "
                    + "--cap-add what it needs");
            }

            var work = new ExecWork
            {
                User = parsed.GetValue(user) ?? "",
                Workdir = parsed.GetValue(workdir) ?? "",
                Tty = parsed.GetValue(tty),
                Stdin = parsed.GetValue(interactive) && !parsed.GetValue(detach),
                Detach = parsed.GetValue(detach),
            };
            work.Args.Add(parsed.GetRequiredValue(args));
            work.Env.Add(SpecBuilder.Environment(parsed.GetRequiredValue(envFile), parsed.GetRequiredValue(env)));
            if (work is { Tty: true, Stdin: true } && !Terminal.IsInput)
            {
                throw new CtlException(ExitCode.Refused, "the input device is not a TTY: leave -t out");
            }

            work.Size = work.Tty ? Terminal.Size() : null;
            var form = new TalkForm(work.Stdin, work.Tty, !work.Detach, parsed.GetValue(keys) ?? DetachKeys.Default);
            var whom = parsed.GetRequiredValue(task);
            await using var talk = new TaskTalk(await ctl.ConverseAsync(whom, here, ct).ConfigureAwait(false), form);
            return await talk.RunAsync(new OpenTaskSession { Task = whom, Exec = work }, ctl.Error)
                .ConfigureAwait(false);
        });
    }

    private static Option<string[]> Several(string name, string? alias, string what)
    {
        var option = alias is null ? new Option<string[]>(name) : new Option<string[]>(name, alias);
        option.Description = what;
        option.HelpName = "list";
        option.DefaultValueFactory = _ => [];
        return option;
    }
}
