using Swarm.Protocol.V1;

namespace Swarm.Model;

/// <summary>A member of the cluster. Every node is a worker; managers have the role besides.</summary>
public sealed record NodeRecord
{
    /// <summary>Stands in its certificate.</summary>
    public required NodeId Id { get; init; }

    /// <summary>Log index of the last change.</summary>
    public ulong Version { get; init; }

    /// <summary>Leader's clock when the certificate was issued.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Leader's clock at the last change.</summary>
    public DateTimeOffset UpdatedAt { get; init; }

    /// <summary>What users set: labels, availability.</summary>
    public required NodeSpec Spec { get; init; }

    /// <summary>What the node said of itself; null before its first session.</summary>
    public NodeDescription? Description { get; init; }

    /// <summary>What it may do now, whatever its certificate says.</summary>
    public required NodeRole Role { get; init; }

    /// <summary>What it is to be; <see cref="Role"/> follows once the managers have taken it in or out.</summary>
    public NodeRole DesiredRole => Spec.Role switch
    {
        NodeSpec.Types.Role.Worker => NodeRole.Worker,
        NodeSpec.Types.Role.Manager => NodeRole.Manager,
        _ => Role,
    };

    /// <summary>Whether it can be used now.</summary>
    public NodeStatus.Types.State State { get; init; } = NodeStatus.Types.State.Unknown;

    /// <summary>Why it is in that state.</summary>
    public string StateMessage { get; init; } = "";

    /// <summary>Leader's clock when <see cref="State"/> changed.</summary>
    public DateTimeOffset StateChangedAt { get; init; }

    /// <summary>Where other nodes reach its containers and its daemon; empty before its first session.</summary>
    public string Address { get; init; } = "";

    /// <summary>Which piece of the address pool is its subnet, from 1; unique among the nodes that exist.</summary>
    public uint NetworkIndex { get; init; }

    /// <summary>Name for people; the id until the node told its own.</summary>
    public string Hostname => Description is { Hostname.Length: > 0 } d ? d.Hostname : Id.ToString();

    /// <summary>Active when the user said nothing.</summary>
    public NodeSpec.Types.Availability Availability =>
        Spec.Availability == NodeSpec.Types.Availability.Unspecified
            ? NodeSpec.Types.Availability.Active
            : Spec.Availability;

    /// <summary>New tasks may be placed here.</summary>
    public bool IsSchedulable =>
        State == NodeStatus.Types.State.Ready && Availability == NodeSpec.Types.Availability.Active;

    /// <summary>What ran here has to run elsewhere: the node is down or drained.</summary>
    public bool MustBeEmptied =>
        State == NodeStatus.Types.State.Down || Availability == NodeSpec.Types.Availability.Drain;
}
