using System.Collections.Immutable;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Store;

/// <summary>
/// One change of the cluster. A version says which version of the object the writer saw: another one is a conflict;
/// 0 = any, where the rules of the action itself are enough. Apply gives versions and times: what stands in a
/// record that is created for Version, CreatedAt, UpdatedAt and AppliedAt is not looked at.
/// </summary>
public abstract record StoreAction
{
    private StoreAction()
    {
    }

    /// <summary>Creates or replaces the cluster object (0 as version of the record: whatever is stored).</summary>
    public sealed record SetCluster(ClusterRecord Cluster) : StoreAction;

    /// <summary>A node got its first certificate. Its network index is the lowest free one.</summary>
    public sealed record CreateNode(NodeRecord Node) : StoreAction;

    /// <summary>Labels, availability.</summary>
    public sealed record UpdateNodeSpec(NodeId Id, ulong Version, NodeSpec Spec) : StoreAction;

    /// <summary>What the dispatcher found. An empty address leaves the stored one.</summary>
    public sealed record SetNodeStatus(
        NodeId Id, NodeStatus.Types.State State, string Message, string Address) : StoreAction;

    /// <summary>What the node told of itself.</summary>
    public sealed record SetNodeDescription(NodeId Id, NodeDescription Description) : StoreAction;

    /// <summary>Promotion and demotion.</summary>
    public sealed record SetNodeRole(NodeId Id, NodeRole Role) : StoreAction;

    /// <summary>The node is no member any more; its tasks are orphaned.</summary>
    public sealed record RemoveNode(NodeId Id) : StoreAction;

    /// <summary>A new service.</summary>
    public sealed record CreateService(ServiceId Id, ServiceSpec Spec) : StoreAction
    {
        /// <summary>Credentials for its image's registry; null = none.</summary>
        public RegistryLogin? Registry { get; init; }
    }

    /// <summary>Another spec; an equal one resumes a paused update and changes nothing else.</summary>
    public sealed record UpdateServiceSpec(ServiceId Id, ulong Version, ServiceSpec Spec) : StoreAction
    {
        /// <summary>Credentials for its image's registry; null = it keeps those that it has.</summary>
        public RegistryLogin? Registry { get; init; }
    }

    /// <summary>A user wants it gone: hidden, its name and ports free, its tasks stopped by the planner.</summary>
    public sealed record RemoveService(ServiceId Id) : StoreAction;

    /// <summary>Its last task is gone, so is it.</summary>
    public sealed record DeleteService(ServiceId Id) : StoreAction;

    /// <summary>How far an update is; null = none.</summary>
    public sealed record SetUpdateStatus(ServiceId Id, ulong Version, UpdateStatusRecord? Status) : StoreAction;

    /// <summary>Ports with their published numbers, for the spec in force.</summary>
    public sealed record SetServicePorts(ServiceId Id, ulong Version, ImmutableArray<PortConfig> Ports) : StoreAction;

    /// <summary>A task of the spec in force: New or Pending, or at once Assigned. An empty message is filled.</summary>
    public sealed record CreateTask(TaskRecord Task) : StoreAction;

    /// <summary>Pending becomes Assigned.</summary>
    public sealed record AssignTask(
        TaskId Id, ulong Version, NodeId Node, ImmutableArray<PortConfig> HostPorts) : StoreAction
    {
        /// <summary>What of the node's generic resources it gets.</summary>
        public ImmutableArray<GenericResource> Generic { get; init; } = [];
    }

    /// <summary>Forward only.</summary>
    public sealed record SetDesiredState(TaskId Id, ulong Version, TaskState Desired) : StoreAction;

    /// <summary>What was observed; whatever is behind what is stored is dropped.</summary>
    public sealed record ReportTaskStatus(TaskId Id, TaskStatusRecord Status) : StoreAction;

    /// <summary>Why a task is still pending.</summary>
    public sealed record ExplainTask(TaskId Id, ulong Version, string Explanation) : StoreAction;

    /// <summary>Only of a task that cannot be running on a reachable node.</summary>
    public sealed record DeleteTask(TaskId Id) : StoreAction;

    /// <summary>A new secret or config.</summary>
    public sealed record CreatePayload(PayloadRecord Payload) : StoreAction;

    /// <summary>Other labels; the name stays.</summary>
    public sealed record UpdatePayloadSpec(PayloadId Id, ulong Version, PayloadSpec Spec) : StoreAction;

    /// <summary>Only of one that no service uses.</summary>
    public sealed record RemovePayload(PayloadId Id) : StoreAction;

    /// <summary>Spec and previous spec change places.</summary>
    public sealed record RollBackService(ServiceId Id, ulong Version, string Message) : StoreAction;
}

/// <summary>
/// What one log index does. Every action stands alone: a refused one leaves the others as they are. Who needs all
/// or nothing writes an entry with one action.
/// </summary>
/// <param name="At">The leader's clock when it proposed: the only time that Apply sees.</param>
/// <param name="Actions">In this order.</param>
public sealed record StoreEntry(DateTimeOffset At, ImmutableArray<StoreAction> Actions)
{
    /// <summary>The command that this entry is; null for what the managers do of themselves. Only with one
    /// action.</summary>
    public RequestMark? Request { get; init; }

    /// <summary>
    /// The index of the state that a plan was made on; 0 = no plan. Parts of it that rest on a node or a slot that
    /// has changed since are refused: a plan is made anew (<see cref="PlanRules"/>).
    /// </summary>
    public ulong PlannedOn { get; init; }

    /// <summary>An entry of one action.</summary>
    public static StoreEntry Of(DateTimeOffset at, StoreAction action) => new(at, [action]);
}
