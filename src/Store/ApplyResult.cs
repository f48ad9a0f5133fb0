using System.Collections.Immutable;
using Swarm.Model;

namespace Swarm.Store;

/// <summary>Why an action was refused. The numbers stand in snapshots: new kinds go to the end.</summary>
public enum RefusalKind
{
    /// <summary>The object changed since the writer read it.</summary>
    Conflict,

    /// <summary>There is no such object.</summary>
    NotFound,

    /// <summary>An object with this id exists.</summary>
    AlreadyExists,

    /// <summary>Another service has this name.</summary>
    NameInUse,

    /// <summary>Another service publishes this port.</summary>
    PortInUse,

    /// <summary>A state may not go there.</summary>
    IllegalTransition,

    /// <summary>The object's present state does not allow it.</summary>
    FailedPrecondition,

    /// <summary>There is nothing left to give, as of subnets.</summary>
    Exhausted,

    /// <summary>A report that is behind what is stored: harmless.</summary>
    Outdated,

    /// <summary>The id of this command was used for another one.</summary>
    RequestReused,

    /// <summary>A service still uses it.</summary>
    InUse,
}

/// <summary>What became of one action.</summary>
/// <param name="Kind">Null when it was applied.</param>
/// <param name="Message">For people; empty when applied.</param>
/// <param name="CurrentVersion">With <see cref="RefusalKind.Conflict"/>: the version that is stored.</param>
public readonly record struct ActionOutcome(RefusalKind? Kind, string Message, ulong CurrentVersion)
{
    /// <summary>It was applied, or was so already.</summary>
    public static ActionOutcome Applied { get; } = new(null, "", 0);

    /// <summary>True unless refused.</summary>
    public bool IsApplied => Kind is null;

    internal static ActionOutcome Refused(RefusalKind kind, string message) => new(kind, message, 0);

    internal static ActionOutcome Conflict(string what, ulong seen, ulong current) => new(
        RefusalKind.Conflict,
        $"{what} was changed since it was read: version {current} is stored, {seen} was given; read it again",
        current);
}

/// <summary>One object before and after an entry: created when there is no before, deleted when no after.</summary>
public readonly record struct Change<T>(T? Before, T? After)
    where T : class;

/// <summary>What an entry changed, one row an object.</summary>
public sealed record Changes(
    ImmutableArray<Change<TaskRecord>> Tasks,
    ImmutableArray<Change<ServiceRecord>> Services,
    ImmutableArray<Change<NodeRecord>> Nodes,
    bool Cluster)
{
    /// <summary>Nothing.</summary>
    public static Changes None { get; } = new([], [], [], false);

    /// <summary>Secrets and configs.</summary>
    public ImmutableArray<Change<PayloadRecord>> Payloads { get; init; } = [];

    /// <summary>At most secrets and configs differ. They concern a node together with the task that names them, and
    /// a service that names them has changed itself: nobody plans or sends anything for them alone.</summary>
    public bool AtMostPayloads => Tasks.IsEmpty && Services.IsEmpty && Nodes.IsEmpty && !Cluster;

    /// <summary>True when the entry changed nothing.</summary>
    public bool IsEmpty => AtMostPayloads && Payloads.IsEmpty;
}

/// <summary>The next state, what differs, and one outcome for each action in its order.</summary>
public sealed record ApplyResult(ClusterState State, Changes Changes, ImmutableArray<ActionOutcome> Outcomes)
{
    /// <summary>Of a command: what became of it, or of the first try if this was another. Null for what is no
    /// command, and when its id was used for another one.</summary>
    public RecentRequest? Request { get; init; }
}
