using System.CommandLine;
using Swarm.Ctl.Cli;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`container stop`, `kill`, `rm` and `prune`</summary>
internal static class ContainerEnds
{
    private const long NsPerSecond = 1_000_000_000;

    internal static Command Stop()
    {
        var names = VerbParts.Several("CONTAINER", ArgumentArity.OneOrMore);
        var signal = new Option<string?>("--signal", "-s") { Description = "Instead of its own", HelpName = "string" };
        var timeout = new Option<string?>("--timeout", "-t", "--time")
        {
            Description = "Seconds to wait before killing it (-1: for ever)", HelpName = "int",
        };
        var command = new Command("stop", "Stop containers; the swarm replaces those of services")
        {
            names, signal, timeout,
        };
        return command.Does((ctl, parsed, ct) =>
        {
            long? grace = parsed.GetValue(timeout) switch
            {
                null => null,
                "-1" => long.MaxValue,
                var text => (long)Units.Count("--timeout", text) * NsPerSecond,
            };
            return ContainerParts.EachAsync<StopContainerRequest, StopContainerResponse>(
                ctl, "StopContainer", parsed.GetRequiredValue(names),
                name =>
                {
                    var request = new StopContainerRequest
                    {
                        Container = name, Signal = parsed.GetValue(signal) ?? "",
                    };
                    if (grace is { } known)
                    {
                        request.GraceNs = known;
                    }

                    return request;
                },
                ct);
        });
    }

    internal static Command Kill()
    {
        var names = VerbParts.Several("CONTAINER", ArgumentArity.OneOrMore);
        var signal = new Option<string?>("--signal", "-s") { Description = "Default SIGKILL", HelpName = "string" };
        var command = new Command("kill", "Signal containers; the swarm replaces those of services") { names, signal };
        return command.Does((ctl, parsed, ct) => ContainerParts.EachAsync<KillContainerRequest, KillContainerResponse>(
            ctl, "KillContainer", parsed.GetRequiredValue(names),
            name => new KillContainerRequest { Container = name, Signal = parsed.GetValue(signal) ?? "" }, ct));
    }

    /// <summary>"remove" at the root is docker's for images.</summary>
    internal static Command Remove(bool atRoot = false)
    {
        var names = VerbParts.Several("CONTAINER", ArgumentArity.OneOrMore);
        var force = new Option<bool>("--force", "-f") { Description = "Kill it when it runs" };
        var volumes = new Option<bool>("--volumes", "-v") { Description = "And its anonymous volumes" };
        var link = new Option<bool>("--link", "-l") { Description = "Not available: there are no links" };
        var command = new Command("rm", "Remove containers") { names, force, volumes, link };
        if (!atRoot)
        {
            command.Aliases.Add("remove");
        }

        return command.Does((ctl, parsed, ct) =>
        {
            ContainerParts.Refuse(parsed, link, "leave it out");
            return ContainerParts.EachAsync<RemoveContainerRequest, RemoveContainerResponse>(
                ctl, "RemoveContainer", parsed.GetRequiredValue(names),
                name => new RemoveContainerRequest
                {
                    Container = name, Force = parsed.GetValue(force), Volumes = parsed.GetValue(volumes),
                },
                ct);
        });
    }

    internal static Command Prune()
    {
        var force = new Option<bool>("--force", "-f") { Description = "Do not prompt for confirmation" };
        var filter = new Option<string[]>("--filter")
        {
            Description = "until=TIME, label=KEY[=VALUE], label!=KEY[=VALUE]", HelpName = "filter",
            DefaultValueFactory = _ => [],
        };
        var command = new Command("prune", "Remove all stopped containers that are nobody's task") { force, filter };
        return command.Does(async (ctl, parsed, ct) =>
        {
            var request = Request(parsed.GetRequiredValue(filter));
            if (!parsed.GetValue(force)
                && !VerbParts.Confirmed(ctl, "WARNING! This will remove all stopped containers."))
            {
                return ExitCode.Done;
            }

            var answer = await ctl.LocalAsync<PruneContainersRequest, PruneContainersResponse>(
                "PruneContainers", request, ct).ConfigureAwait(false);
            if (answer.Ids.Count > 0)
            {
                ctl.Out.WriteLine("Deleted Containers:");
                foreach (var id in answer.Ids)
                {
                    ctl.Out.WriteLine(id);
                }

                ctl.Out.WriteLine();
            }

            // What a container wrote is gone as soon as it has ended.
            ctl.Out.WriteLine("Total reclaimed space: 0B");
            return ExitCode.Done;
        });
    }

    private static PruneContainersRequest Request(string[] texts)
    {
        var (except, filters) = VerbParts.PruneFilters(texts, "label", "until");
        var request = new PruneContainersRequest();
        request.ExceptLabels.Add(except);
        request.Labels.Add(filters["label"]);
        request.UntilNs = filters["until"]
            .Select(u => Moments.Ns("--filter until", u, TimeProvider.System)).DefaultIfEmpty(0).Min();
        return request;
    }
}
