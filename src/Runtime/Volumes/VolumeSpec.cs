namespace Swarm.Runtime.Volumes;

/// <summary>A volume that shall exist.</summary>
public sealed record VolumeSpec
{
    /// <summary>Empty: one without a name, which gets 64 random hexadecimal digits.</summary>
    public string Name { get; init; } = "";

    /// <summary>"local" or empty; nodes have no other driver.</summary>
    public string Driver { get; init; } = "";

    /// <summary>type, device and o, as mount(8) takes them; none = a directory of the node.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();

    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
}

/// <summary>A volume of this node.</summary>
public sealed record Volume
{
    /// <summary>The label of volumes that nobody named, as docker has it.</summary>
    public const string AnonymousLabel = "com.docker.volume.anonymous";

    public const string LocalDriver = "local";

    public required string Name { get; init; }

    public required IReadOnlyDictionary<string, string> Options { get; init; }

    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Where its content is on this host (mounted only while it is in use, when it has options).</summary>
    public required string Mountpoint { get; init; }

    /// <summary>Ids of the containers that use it, sorted.</summary>
    public required IReadOnlyList<string> UsedBy { get; init; }

    public bool IsAnonymous => Labels.ContainsKey(AnonymousLabel);
}

/// <summary>A volume that a container wants at a place.</summary>
public sealed record VolumeUse
{
    /// <summary>Name and form; it is made when it does not exist.</summary>
    public required VolumeSpec Volume { get; init; }

    /// <summary>Clean absolute path in the container.</summary>
    public required string Target { get; init; }

    /// <summary>An empty volume stays empty: nothing is copied from the image.</summary>
    public bool NoCopy { get; init; }

    /// <summary>Only this directory or file of the volume; relative and clean, empty = all of it.</summary>
    public string Subpath { get; init; } = "";
}
