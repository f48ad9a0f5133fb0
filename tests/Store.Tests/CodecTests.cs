using System.Collections.Immutable;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Store.Tests;

public sealed class CodecTests
{
    private static readonly DateTimeOffset At = new(2026, 3, 4, 5, 6, 7, 8, TimeSpan.Zero);

    public static TheoryData<StoreAction> All => [.. Actions()];

    [Theory]
    [MemberData(nameof(All))]
    public void Every_action_survives_the_log(StoreAction action)
    {
        var bytes = EntryCodec.Encode(StoreEntry.Of(At, action));
        var back = EntryCodec.Decode(bytes);
        Assert.Equal(At, back.At);
        Assert.Equal(action.GetType(), back.Actions[0].GetType());
        Assert.Equal(bytes, EntryCodec.Encode(back));
    }

    [Fact]
    public void Every_kind_of_action_is_tried() => Assert.Equal(
        typeof(StoreAction).GetNestedTypes().Length, Actions().Select(a => a.GetType()).Distinct().Count());

    [Fact]
    public void What_cannot_be_read_is_refused_with_a_reason()
    {
        Assert.Throws<InvalidDataException>(() => EntryCodec.Decode([1, 2, 3]));
        Assert.Throws<InvalidDataException>(() => EntryCodec.Decode([]));
        Assert.Throws<InvalidDataException>(() => SnapshotCodec.Decode([]));
        Assert.Throws<InvalidDataException>(() => SnapshotCodec.Decode([1, 2, 3, 4, 5, 6]));
        Assert.Throws<InvalidDataException>(() => EntryCodec.Encode(new StoreEntry(
            At, [.. Enumerable.Repeat(new StoreAction.RemoveNode(new NodeId("n")), EntryCodec.MaxActions + 1)])));
    }

    [Fact]
    public void A_cut_or_damaged_snapshot_is_refused()
    {
        var log = new Log();
        log.Must([.. Actions().Where(a => a is StoreAction.CreateNode or StoreAction.CreateService)]);
        var bytes = SnapshotCodec.Encode(log.State);
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.Throws<InvalidDataException>(() => SnapshotCodec.Decode(bytes[..length]));
        }

        Assert.Equal(log.State.Hash128, SnapshotCodec.Decode(bytes).Hash128);
    }

    [Fact]
    public void Answers_never_hold_keys()
    {
        var cluster = Actions().OfType<StoreAction.SetCluster>().Single().Cluster;
        Assert.DoesNotContain("secret", Views.ToView(cluster).ToString());
        Assert.Empty(Views.ToView(cluster).WorkerTokenSecret);
    }

    private static IEnumerable<StoreAction> Actions()
    {
        var (node, service, task) = (new NodeId("n"), new ServiceId("s"), new TaskId("t"));
        ImmutableArray<PortConfig> ports = [new PortConfig { TargetPort = 80, PublishedPort = 8080 }];
        yield return new StoreAction.SetCluster(new ClusterRecord
        {
            Id = new ClusterId("c"),
            CreatedAt = At,
            Spec = new ClusterSpec(),
            RootCertificatePem = "pem",
            RootKeyPem = "secret",
            WorkerTokenSecret = [1, 2],
            ManagerTokenSecret = [3],
        });
        yield return new StoreAction.CreatePayload(Log.Payload("p", "key"));
        yield return new StoreAction.UpdatePayloadSpec(
            new PayloadId("p"), 3, new PayloadSpec { Name = "key", Labels = { ["a"] = "b" } });
        yield return new StoreAction.RemovePayload(new PayloadId("p"));
        yield return new StoreAction.CreateNode(Log.Node("n"));
        yield return new StoreAction.UpdateNodeSpec(node, 7, new NodeSpec { Labels = { ["a"] = "b" } });
        yield return new StoreAction.SetNodeStatus(node, NodeStatus.Types.State.Down, "heartbeat failure", "10.0.0.1");
        yield return new StoreAction.SetNodeDescription(node, new NodeDescription { Hostname = "h" });
        yield return new StoreAction.SetNodeRole(node, NodeRole.Manager);
        yield return new StoreAction.RemoveNode(node);
        yield return new StoreAction.CreateService(service, Log.Spec("web"));
        yield return new StoreAction.UpdateServiceSpec(service, 3, Log.Spec("web"));
        var registry = new RegistryLogin("registry.test:5000", "ci", "word");
        yield return new StoreAction.CreateService(new ServiceId("r"), Log.Spec("own")) { Registry = registry };
        yield return new StoreAction.UpdateServiceSpec(service, 3, Log.Spec("web")) { Registry = registry };
        yield return new StoreAction.RemoveService(service);
        yield return new StoreAction.DeleteService(service);
        yield return new StoreAction.SetUpdateStatus(
            service, 4, new UpdateStatusRecord(UpdateStatus.Types.State.Completed, At, At, "update completed"));
        yield return new StoreAction.SetUpdateStatus(service, 4, null);
        yield return new StoreAction.SetServicePorts(service, 5, ports);
        yield return new StoreAction.CreateTask(new TaskRecord
        {
            Id = task,
            ServiceId = service,
            SpecVersion = 1,
            Slot = 2,
            NodeId = node,
            DesiredState = TaskState.Ready,
            StartNotBefore = At,
            CreatedAt = default,
            HostPorts = ports,
            Status = new TaskStatusRecord { State = TaskState.Assigned, At = default },
        });
        yield return new StoreAction.AssignTask(task, 1, node, ports);
        yield return new StoreAction.SetDesiredState(task, 1, TaskState.Remove);
        yield return new StoreAction.ReportTaskStatus(task, new TaskStatusRecord
        {
            State = TaskState.Failed,
            At = At,
            ExitCode = 0,
            OutOfMemory = true,
            Address = "10.0.0.2",
            Pid = 4,
            ContainerId = "c",
        });
        yield return new StoreAction.ExplainTask(task, 1, "why");
        yield return new StoreAction.DeleteTask(task);
        yield return new StoreAction.RollBackService(service, 2, "manually requested rollback");
    }
}
