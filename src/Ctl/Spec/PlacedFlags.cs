using Swarm.Ctl.Cli;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Spec;

/// <summary>
/// A `run` that the swarm places: a job of one task that is not restarted, made of the same flags as one on this node.
/// </summary>
internal static class PlacedFlags
{
    /// <summary>
    /// How long a job that removes itself is kept for whoever waits for its end: swarmctl removes it sooner, and when
    /// it is gone the swarm does.
    /// </summary>
    private static readonly TimeSpan KeptForCaller = TimeSpan.FromSeconds(30);

    internal static bool IsPlaced(FlagValues flags)
    {
        var where = flags.Has("constraint") || flags.Has("node");
        if (where && flags.Has("placed") && !flags.IsOn("placed"))
        {
            throw new UsageException("--constraint and --node say where the swarm places it; leave --placed=false out");
        }

        var placed = where || flags.IsOn("placed");
        return placed || !flags.Has("with-registry-auth")
            ? placed
            : throw new UsageException("--with-registry-auth goes with --placed: this node uses its own logins");
    }

    /// <summary>The service that it is; --node is resolved by who asks the swarm.</summary>
    /// <exception cref="CtlException">A flag that only a container of this node can have.</exception>
    internal static ServiceSpec Spec(FlagValues flags, CreateContainerRequest request)
    {
        Refuse(flags.Has("cidfile"), "--cidfile", "a placed container is known by its name; use --name");
        Refuse(!request.Networked, "--network none", "what the swarm places has its network; leave it out");
        Refuse(
            flags.Last("pull") is not (null or "missing"), $"--pull {flags.Last("pull")}",
            "the node that it is placed on pulls what it has not; leave it out");
        var detached = flags.IsOn("detach");
        var spec = new ServiceSpec
        {
            Name = request.Name,
            Task = request.Spec,
            ReplicatedJob = new ReplicatedJobMode { MaxConcurrent = 1, TotalCompletions = 1 },
        };
        spec.Task.Restart = new RestartPolicy { Condition = RestartPolicy.Types.Condition.None };
        // As of a container on this node: it runs once, and nobody would replace it.
        spec.Task.Container.Health = new HealthCheck { Test = { "NONE" } };
        spec.Task.Container.OpenStdin = request.Stdin;
        spec.Task.Container.AttachFirst = !detached;
        if (request.RemoveAtEnd)
        {
            spec.ReplicatedJob.RemoveAfterNs = detached ? 0 : SpecDefaults.ToNs(KeptForCaller);
        }

        if (request.Ports.Count > 0)
        {
            spec.Endpoint = new EndpointSpec();
            spec.Endpoint.Ports.Add(request.Ports);
        }

        return spec;
    }

    private static void Refuse(bool given, string flag, string remedy)
    {
        if (given)
        {
            throw new CtlException(ExitCode.Refused, $"{flag} is not available with --placed: {remedy}");
        }
    }
}
