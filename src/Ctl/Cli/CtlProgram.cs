using System.CommandLine;
using System.CommandLine.Parsing;
using Swarm.Ctl.Verbs;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Cli;

/// <summary>The tree of commands, and what happens before and after one of them.</summary>
internal static class CtlProgram
{
    internal static readonly Option<string?> Host = new("--host", "-H")
    {
        Description = "Socket of the daemon (default: $SWARM_HOST, else unix:///run/swarm/swarm.sock)",
        HelpName = "unix:///path",
        Recursive = true,
    };

    internal static readonly Option<bool> Stale = new("--stale")
    {
        Description = "Show what this manager knows, without a leader; it may be out of date",
        Recursive = true,
    };

    private const string UnknownFlag = "unknown flag";

    internal static RootCommand Tree()
    {
        var root = new RootCommand("Drives a swarm: services of containers on many hosts.") { Host, Stale };
        root.Add(Group(
            "swarm", "Manage the swarm", SwarmInit.Build(), SwarmJoin.Build(), SwarmJoinToken.Build(),
                SwarmLeave.Build(), SwarmObserve.Build(), SwarmRejoin.Build(), SwarmResume.Build(),
                SwarmUnlock.Build(), SwarmUnlockKey.Build(), SwarmUpdate.Build()));
        root.Add(Group("backup", "Save the state of the swarm in a file, and begin anew from one",
            BackupCreate.Build(), BackupInspect.Build(), BackupRestore.Build(), BackupVerify.Build()));
        root.Add(Group("node", "Manage the nodes of the swarm",
            NodeRoles.Demote(), NodeInspect.Build(), NodeLs.Build(), NodeRoles.Promote(), NodePs.Build(),
                NodeRm.Build(),
            NodeUpdate.Build()));
        root.Add(Group("service", "Manage services",
            ServiceCreate.Build(), ServiceInspect.Build(), ServiceLogs.Build(), ServiceLs.Build(), ServicePs.Build(),
            ServiceRm.Build(), ServiceRollback.Build(), ServiceScale.Build(), ServiceUpdate.Build()));
        AddImages(root);
        root.Add(Group("secret", "Manage secrets", Payloads.Build(PayloadKind.Secret)));
        root.Add(Group("config", "Manage configs", Payloads.Build(PayloadKind.Config)));
        AddContainers(root);
        root.Add(Group("volume", "Manage the volumes of this node",
            VolumeCreate.Build(), VolumeInspect.Build(), VolumeLs.Build(), VolumePrune.Build(), VolumeRm.Build()));
        root.Add(Run.Build());
        root.Add(Exec.Build());
        root.Add(TaskTalks.BuildAttach());
        root.Add(Copy.Build());
        root.Add(Inspect.Build());
        root.Add(Info.Build());
        root.Add(Events.Build());
        root.Add(VersionVerb.Build());
        root.Add(Completion.Build());
        foreach (var (name, what) in NotYet.Groups)
        {
            root.Add(NotYet.Build(name, what));
        }

        RefuseUnknownFlags(root);
        return root;
    }

    /// <summary>
    /// The parser takes a flag that it does not know for an argument: a misspelt one would become the image.
    /// </summary>
    private static void RefuseUnknownFlags(Command command)
    {
        foreach (var argument in command.Arguments.Where(a => !a.CaptureRemainingTokens))
        {
            argument.Validators.Add(result =>
            {
                if (result.Tokens.FirstOrDefault(t => t.Value is ['-', _, ..]) is { } flag)
                {
                    result.AddError($"{UnknownFlag} '{flag.Value}'");
                }
            });
        }

        foreach (var verb in command.Subcommands)
        {
            RefuseUnknownFlags(verb);
        }
    }

    /// <summary>The group, and docker's short names for its verbs.</summary>
    private static void AddImages(RootCommand root)
    {
        root.Add(Group("image", "Manage the images of this node",
            ImageHistory.Build(), ImageImport.Build(), ImageInspect.Build(), ImageLoad.Build(), ImageLs.Build(),
            ImagePrune.Build(), ImagePull.Build(), ImagePush.Build(), ImageRm.Build(), ImageSave.Build(),
            ImageTag.Build()));
        root.Add(RegistryLogin.Login());
        root.Add(RegistryLogin.Logout());
        foreach (var alias in new[]
        {
            ImageHistory.Build(), ImageImport.Build(), ImageLoad.Build(), ImageLs.Build("images"), ImagePull.Build(),
            ImagePush.Build(), ImageRm.Build("rmi"), ImageSave.Build(), ImageTag.Build(),
        })
        {
            alias.Hidden = true;
            root.Add(alias);
        }
    }

    /// <summary>The group, and docker's short names for its verbs.</summary>
    private static void AddContainers(RootCommand root)
    {
        root.Add(Group("container", "Manage the containers of this node",
            TaskTalks.BuildAttach(here: true), Copy.Build(here: true), Exec.Build(here: true),
            ContainerInspect.Build(), ContainerEnds.Kill(), ContainerLogs.Build(), ContainerLs.Build(),
            ContainerEnds.Prune(), ContainerEnds.Remove(), Run.Build(), ContainerStatsVerb.Build(),
            ContainerEnds.Stop(), ContainerTop.Build()));
        foreach (var alias in new[]
        {
            ContainerEnds.Kill(), ContainerLogs.Build(), ContainerLs.Build("ps"), ContainerEnds.Remove(atRoot: true),
            ContainerStatsVerb.Build(), ContainerEnds.Stop(), ContainerTop.Build(),
        })
        {
            alias.Hidden = true;
            root.Add(alias);
        }
    }

    internal static Task<int> RunAsync(string[] args) => RunAsync(args, Console.Out, Console.Error);

    /// <summary>One command line, with what it prints going where the caller wants it.</summary>
    internal static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        var parsed = Tree().Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (args.Length > 0 && !args.Any(a => a is "--help" or "-h") && Fault(parsed) is { } fault)
        {
            error.WriteLine(fault);
            return ExitCode.Usage;
        }

        return await parsed.InvokeAsync(new InvocationConfiguration
        {
            Output = output,
            Error = error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        }).ConfigureAwait(false);
    }

    private static Command Group(string name, string what, params Command[] verbs)
    {
        var group = new Command(name, what);
        foreach (var verb in verbs)
        {
            group.Add(verb);
        }

        return group;
    }

    /// <summary>What is wrong with a command line, in one line; null when nothing is.</summary>
    internal static string? Fault(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        if (command.Subcommands.Count > 0 && parsed.UnmatchedTokens.Count > 0)
        {
            var path = Path(parsed);
            return $"'{parsed.UnmatchedTokens[0]}' is not a command of '{path}'; see '{path} --help'";
        }

        // What a misspelt flag leaves over is not what is wrong.
        return parsed.Errors.Count == 0 ? null : Sentence(
            (parsed.Errors.FirstOrDefault(e => e.Message.StartsWith(UnknownFlag, StringComparison.Ordinal))
                ?? parsed.Errors[0]).Message,
            Path(parsed));
    }

    private static string Path(ParseResult parsed)
    {
        var names = new Stack<string>();
        for (var at = parsed.CommandResult; at is not null; at = at.Parent as CommandResult)
        {
            names.Push(at.Parent is null ? "swarmctl" : at.Command.Name);
        }

        return string.Join(' ', names);
    }

    private static string Sentence(string message, string path) =>
        $"{path}: {message.TrimEnd('.')}; see '{path} --help'";
}
