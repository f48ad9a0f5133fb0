namespace Swarm.Runtime.Containers;

/// <summary>What people want to know of a container; nothing acts upon it but the one who made it.</summary>
public sealed record ContainerAbout
{
    /// <summary>Unique among those that people named; tasks have web.1.ID.</summary>
    public string Name { get; init; } = "";

    /// <summary>As it was asked for.</summary>
    public string Image { get; init; } = "";

    /// <summary>sha256:… that it was pulled by; empty when nobody said.</summary>
    public string ImageId { get; init; } = "";

    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>PUBLISHED:TARGET/PROTOCOL on this node alone.</summary>
    public IReadOnlyList<string> Ports { get; init; } = [];

    public string Address { get; init; } = "";

    /// <summary>The service whose task it is; empty for one that a person runs.</summary>
    public string ServiceId { get; init; } = "";

    public string ServiceName { get; init; } = "";

    /// <summary>Volumes by the place where they are mounted; the others are paths of the host.</summary>
    public IReadOnlyDictionary<string, string> Volumes { get; init; } = new Dictionary<string, string>();

    /// <summary>What its log's options ask for: names and values that all of its lines have.</summary>
    public IReadOnlyDictionary<string, string> LogDetails { get; init; } = new Dictionary<string, string>();

    /// <summary>It is removed when it has ended.</summary>
    public bool RemoveAtEnd { get; init; }
}
