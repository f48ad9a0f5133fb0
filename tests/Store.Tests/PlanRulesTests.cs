using System.Collections.Immutable;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Store.Tests;

/// <summary>Parts of a plan that rest on what has changed since it was made are refused.</summary>
public sealed class PlanRulesTests
{
    private static readonly ServiceId Web = new("s");
    private static readonly NodeId One = new("n1");
    private static readonly NodeId Two = new("n2");

    private readonly Log _log = new();

    public PlanRulesTests()
    {
        foreach (var id in new[] { One, Two })
        {
            _log.Must(new StoreAction.CreateNode(new NodeRecord
            {
                Id = id, CreatedAt = default, Spec = new NodeSpec(), Role = NodeRole.Worker,
            }));
            _log.Must(new StoreAction.SetNodeStatus(id, NodeStatus.Types.State.Ready, "", "10.0.0.1"));
        }

        _log.Must(new StoreAction.CreateService(Web, new ServiceSpec
        {
            Name = "web",
            Task = new TaskSpec { Container = new ContainerSpec { Image = "web:1" } },
            Replicated = new ReplicatedMode { Replicas = 1 },
        }));
        _log.Must(Create("old", One));
    }

    [Fact]
    public void A_node_that_is_back_keeps_what_was_to_be_replaced()
    {
        Set(One, NodeStatus.Types.State.Down);
        var planned = _log.State.LastIndex;
        Set(One, NodeStatus.Types.State.Ready);
        Assert.All(Replace(planned), o => Assert.Equal(RefusalKind.Conflict, o.Kind));
        Assert.All(Replace(_log.State.LastIndex), o => Assert.Null(o.Kind));
    }

    [Fact]
    public void A_plan_does_not_remove_a_service_that_changed_since()
    {
        var planned = _log.State.LastIndex;
        var spec = _log.State.Services[Web].Spec.Clone();
        spec.Task.ForceUpdate++;
        _log.Must(new StoreAction.UpdateServiceSpec(Web, 0, spec));
        Assert.Equal(RefusalKind.Conflict, Do(planned, new StoreAction.RemoveService(Web)).Single().Kind);
        Assert.Null(Do(_log.State.LastIndex, new StoreAction.RemoveService(Web)).Single().Kind);
    }

    [Fact]
    public void A_node_that_changed_gets_no_task()
    {
        var planned = _log.State.LastIndex;
        _log.Must(new StoreAction.SetNodeDescription(Two, new NodeDescription { Hostname = "two" }));
        Assert.Equal(RefusalKind.Conflict, Do(planned, Create("new", Two, slot: 2))[0].Kind);
        Assert.Null(Do(planned, Create("other", One, slot: 2))[0].Kind);
        Assert.Null(Do(0, Create("any", Two, slot: 3))[0].Kind);
    }

    [Fact]
    public void A_slot_that_moved_on_gets_no_successor()
    {
        var planned = _log.State.LastIndex;
        _log.Must(new StoreAction.ReportTaskStatus(
            new TaskId("old"), new TaskStatusRecord { State = TaskState.Complete, At = default, ExitCode = 0 }));
        var outcomes = Replace(planned);
        Assert.Null(outcomes[0].Kind);
        Assert.Equal(RefusalKind.Conflict, outcomes[1].Kind);
    }

    [Fact]
    public void What_was_planned_on_is_in_the_log_and_needs_its_format()
    {
        var entry = new StoreEntry(default, [Create("new", Two)]) { PlannedOn = 7 };
        Assert.Equal(StoreFormat.Plans, StoreFormat.NeededBy(entry));
        Assert.Equal(7UL, EntryCodec.Decode(EntryCodec.Encode(entry)).PlannedOn);
    }

    private ImmutableArray<ActionOutcome> Replace(ulong planned) => Do(
        planned,
        new StoreAction.SetDesiredState(new TaskId("old"), 0, TaskState.Shutdown),
        Create($"new{planned}", Two));

    private ImmutableArray<ActionOutcome> Do(ulong planned, params StoreAction[] actions) =>
        _log.Apply(planned, actions).Outcomes;

    private void Set(NodeId id, NodeStatus.Types.State state) =>
        _log.Must(new StoreAction.SetNodeStatus(id, state, "", ""));

    private StoreAction.CreateTask Create(string id, NodeId node, ulong slot = 1) => new(new TaskRecord
    {
        Id = new TaskId(id),
        ServiceId = Web,
        SpecVersion = _log.State.Services[Web].SpecVersion,
        Slot = slot,
        NodeId = node,
        DesiredState = TaskState.Running,
        CreatedAt = default,
        Status = new TaskStatusRecord { State = TaskState.Assigned, At = default },
    });
}
