namespace Swarm.Runtime.Containers;

/// <summary>Where and how a node keeps its containers.</summary>
public sealed record ContainerRuntimeOptions
{
    /// <summary>Absolute; `containers/` and `run/` below it belong to the runtime.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Cgroup that holds all containers of this node and nothing else, e.g. /swarm-n1.</summary>
    public required string CgroupParent { get; init; }

    public Action<string> Log { get; init; } = static _ => { };

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Candidates in order of preference.</summary>
    public IReadOnlyList<string> Runtimes { get; init; } = ["crun", "runc"];

    /// <summary>Containers are to have user namespaces with these ids: the probe tries that.</summary>
    public IdRange? UserRange { get; init; }

    /// <summary>Statically linked init for <see cref="ContainerSpec.Init"/>.</summary>
    public string InitBinary { get; init; } = "/usr/bin/tini-static";
}

public enum CgroupMode
{
    V1,
    Hybrid,
    V2,
}

/// <summary>What was found on this host, for `info` and the log.</summary>
/// <param name="Runtime">Name of the OCI runtime.</param>
/// <param name="Monitor">Path and version of the monitor.</param>
/// <param name="Notes">Why this one, in one line.</param>
public sealed record RuntimeInfo(string Runtime, string Version, CgroupMode CgroupMode, string Monitor, string Notes);
