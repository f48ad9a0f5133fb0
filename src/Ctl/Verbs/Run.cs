using System.CommandLine;
using Swarm.Ctl.Cli;
using Swarm.Ctl.Spec;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;

namespace Swarm.Ctl.Verbs;

/// <summary>`run`: a container, once, on this node or where the swarm places it.</summary>
internal static class Run
{
    /// <summary>Docker's codes: the daemon said no; the program cannot be run; there is no such program.</summary>
    internal const int DaemonFailed = 125;
    private const int CannotRun = 126;
    private const int NoSuchProgram = 127;

    internal static Command Build()
    {
        var command = new Command(
            "run", "Create and run a container, on this node or placed; its exit code is the command's");
        var (image, args) = VerbParts.ImageAndCommand(command);
        var flags = new FlagSet(command, RunFlags.Known);
        var refused = RunFlags.Refused().Select(r => (Option: Refusal(r.Name, r.IsSwitch), r.Why)).ToList();
        refused.ForEach(r => command.Add(r.Option));
        return command.Does(async (ctl, parsed, ct) =>
        {
            foreach (var (option, why) in refused.Where(r => parsed.GetResult(r.Option) is { Implicit: false }))
            {
                throw new CtlException(ExitCode.Refused, $"{option.Name} is not available in this version: {why}");
            }

            var values = flags.Read(parsed);
            var request = RunFlags.Build(
                values, parsed.GetRequiredValue(image), parsed.GetValue(args) ?? [], ServiceCreate.GeneratedName());
            Check(values, request);
            var spec = PlacedFlags.IsPlaced(values) ? PlacedFlags.Spec(values, request) : null;
            return await FailuresAsync(
                () => spec is null
                    ? RunAsync(ctl, request, values, ct)
                    : PlacedRun.RunAsync(ctl, spec, values, ct),
                ctl.Error).ConfigureAwait(false);
        });
    }

    private static async Task<int> RunAsync(
        Cli.Ctl ctl, CreateContainerRequest request, FlagValues flags, CancellationToken ct)
    {
        await RunImage.BringAsync(ctl, request.Spec.Container.Image, flags, ct).ConfigureAwait(false);
        await using var idFile = flags.Last("cidfile") is { } path ? new NewFile(path, overwrite: false) : null;
        var id = (await ctl.LocalPatientlyAsync<CreateContainerRequest, CreateContainerResponse>(
            "CreateContainer", request, ct).ConfigureAwait(false)).Id;
        idFile?.Write(System.Text.Encoding.ASCII.GetBytes(id));
        idFile?.Commit();
        if (flags.IsOn("detach"))
        {
            await ctl.LocalPatientlyAsync<StartContainerRequest, StartContainerResponse>(
                "StartContainer", new StartContainerRequest { Container = id }, ct).ConfigureAwait(false);
            ctl.Out.WriteLine(id);
            return ExitCode.Done;
        }

        var tty = request.Spec.Container.Tty;
        await using var talk = new TaskTalk(ctl.ConverseHere(), Form(flags, tty));
        return await talk.RunAsync(
            new OpenTaskSession { Task = id, Attach = Attachment(request.Stdin, tty) }, ctl.Error)
            .ConfigureAwait(false);
    }

    internal static TalkForm Form(FlagValues flags, bool tty) => new(
        flags.IsOn("interactive"), tty, !flags.Has("sig-proxy") || flags.IsOn("sig-proxy"),
        flags.Last("detach-keys") ?? DetachKeys.Default);

    internal static AttachWork Attachment(bool input, bool tty) =>
        new() { NoStdin = !input, Size = tty ? Terminal.Size() : null };

    private static void Check(FlagValues flags, CreateContainerRequest request)
    {
        var detach = flags.IsOn("detach");
        if (request.Spec.Container.Tty && request.Stdin && !detach && !Terminal.IsInput)
        {
            throw new CtlException(ExitCode.Refused, "the input device is not a TTY: leave -t out");
        }

        if (detach && flags.Has("detach-keys"))
        {
            throw new UsageException("--detach-keys goes with a terminal; leave -d out");
        }

        if (flags.Last("pull") is not (null or "missing" or "always" or "never"))
        {
            throw new UsageException($"--pull '{flags.Last("pull")}': use always, missing or never");
        }
    }

    /// <summary>What the node said no to has docker's codes: they are told from the program's own.</summary>
    private static async Task<int> FailuresAsync(Func<Task<int>> run, TextWriter error)
    {
        try
        {
            return await run().ConfigureAwait(false);
        }
        catch (RpcException e) when (e.Code != RpcStatusCode.Cancelled)
        {
            error.WriteLine($"Error: {Printable.Line(e.Message)}");
            return CodeOf(e);
        }
    }

    internal static int CodeOf(RpcException e) => CodeOf(e.Message);

    /// <summary>Of what the runtime said about a program that it could not start; else the node said no.</summary>
    internal static int CodeOf(string failure) =>
        !failure.StartsWith("exec ", StringComparison.Ordinal) ? DaemonFailed
        : failure.Contains("no such file or directory", StringComparison.Ordinal) ? NoSuchProgram
        : CannotRun;

    private static Option Refusal(string name, bool isSwitch) => isSwitch
        ? new Option<bool?>("--" + name) { Hidden = true, Arity = ArgumentArity.ZeroOrOne }
        : new Option<string[]>("--" + name) { Hidden = true, Arity = ArgumentArity.ZeroOrMore };
}
