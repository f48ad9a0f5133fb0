using System.Collections.Immutable;
using System.Reflection;
using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Store.Tests;

public sealed class StateHashTests
{
    [Fact]
    public void The_hash_of_the_next_state_follows_from_the_changes() => Prop.ForAll(RandomLog.Seeds, seed =>
    {
        var log = new RandomLog(seed);
        var (state, hash) = (ClusterState.Empty, ClusterState.Empty.Hash128);
        var (far, farHash) = (state, hash);
        var memory = new HashMemory();
        for (var index = 1UL; index <= 120; index++)
        {
            var next = state.Apply(log.Next(state), index).State;
            Assert.Equal(
                StateHash.Next(hash, state, next), hash = StateHash.Next(hash, state, next, memory));
            state = next;
            if (index % 40 == 0)
            {
                Assert.Equal(state.Hash128, hash);
                farHash = StateHash.Next(farHash, far, state);
                far = state;
                Assert.Equal(hash, farHash);
            }
        }
    }).Check(Runs);

    [Fact]
    public void What_is_remembered_of_records_is_bounded()
    {
        var memory = new HashMemory();
        var records = Enumerable.Range(0, HashMemory.MaxCount + 1).Select(_ => new object()).ToList();
        records.ForEach(r => memory.Put(r, 7));
        Assert.Null(memory.Take(records[0]));
        Assert.Equal((UInt128)7, memory.Take(records[1]));
        Assert.Null(memory.Take(records[1]));
    }

    [Fact]
    public void Snapshot_and_suffix_give_what_the_whole_log_gives() => Prop.ForAll(RandomLog.Seeds, seed =>
    {
        var log = new RandomLog(seed);
        var (whole, copy) = (ClusterState.Empty, ClusterState.Empty);
        for (var index = 1UL; index <= 200; index++)
        {
            var entry = EntryCodec.Decode(EntryCodec.Encode(log.Next(whole)));
            var (one, two) = (whole.Apply(entry, index), copy.Apply(entry, index));
            Assert.Equal(one.Outcomes.AsEnumerable(), two.Outcomes.AsEnumerable());
            (whole, copy) = (one.State, two.State);
            if (index % 25 == 0)
            {
                copy = SnapshotCodec.Decode(SnapshotCodec.Encode(copy));
            }
        }

        Assert.Equal(whole.Hash128, copy.Hash128);
        Assert.Equal(SnapshotCodec.Encode(whole), SnapshotCodec.Encode(copy));
        SameIndexes(whole, copy);
    }).Check(Runs);

    [Fact]
    public void The_order_of_labels_is_no_difference()
    {
        var (one, two) = (new Log(), new Log());
        one.Must(new StoreAction.CreateNode(
            Log.Node("n") with { Spec = new NodeSpec { Labels = { ["a"] = "1", ["b"] = "2" } } }));
        two.Must(new StoreAction.CreateNode(
            Log.Node("n") with { Spec = new NodeSpec { Labels = { ["b"] = "2", ["a"] = "1" } } }));
        Assert.Equal(one.State.Hash128, two.State.Hash128);
        Assert.Equal(SnapshotCodec.Encode(one.State), SnapshotCodec.Encode(two.State));
    }

    public static TheoryData<string> Fields
    {
        get
        {
            var fields = new TheoryData<string>();
            foreach (var type in new[]
            {
                typeof(ClusterRecord), typeof(NodeRecord), typeof(ServiceRecord), typeof(UpdateStatusRecord),
                typeof(TaskRecord), typeof(TaskStatusRecord), typeof(PayloadRecord), typeof(RecentRequest),
            })
            {
                fields.AddRange([.. type.GetProperties().Where(p => p.SetMethod is not null)
                    .Select(p => $"{type.Name}.{p.Name}")]);
            }

            return fields;
        }
    }

    [Theory]
    [MemberData(nameof(Fields))]
    public void Every_field_of_every_record_counts(string field)
    {
        var (type, name) = (field.Split('.')[0], field.Split('.')[1]);
        var record = Samples.Of(type);
        var before = Samples.Stored(record);
        var property = record.GetType().GetProperty(name)!;
        var copy = record.GetType().GetMethod("<Clone>$")!.Invoke(record, null)!;
        property.SetValue(copy, Samples.Other(property, property.GetValue(record)));
        Assert.NotEqual(before, Samples.Stored(copy));
    }

    private static Config Runs => Config.QuickThrowOnFailure.WithMaxTest(100);

    private static void SameIndexes(ClusterState one, ClusterState two)
    {
        Assert.Equal(one.IngressPorts, two.IngressPorts);
        Assert.Equal(one.ServiceNames, two.ServiceNames);
        Assert.Equal(
            one.HostModePorts.Select(p => $"{p.Key} {string.Join(' ', p.Value)}"),
            two.HostModePorts.Select(p => $"{p.Key} {string.Join(' ', p.Value)}"));
        Assert.Equal(one.Hostnames.Keys, two.Hostnames.Keys);
        Assert.Equal(one.NetworkIndexes.Where(w => w != 0), two.NetworkIndexes.Where(w => w != 0));
        foreach (var service in one.Services.Keys)
        {
            Assert.Equal(
                one.SlotsOf(service).OrderBy(s => s.Key.Slot).Select(s => (s.Key, string.Join(' ', s.Value))),
                two.SlotsOf(service).OrderBy(s => s.Key.Slot).Select(s => (s.Key, string.Join(' ', s.Value))));
            Assert.Equal(one.WaitingTasks(service), two.WaitingTasks(service));
            Assert.Equal(one.RunningTasks(service), two.RunningTasks(service));
            Assert.Equal(
                one.TasksOf(service).Count(
                    t => t.Status.State == TaskState.Running && t.DesiredState <= TaskState.Running),
                one.RunningTasks(service));
        }

        foreach (var node in one.ByNode.Keys)
        {
            Assert.Equal(one.TasksOn(node).Select(t => t.Id).Order(), two.TasksOn(node).Select(t => t.Id).Order());
            var (a, b) = (one.UsageOf(node), two.UsageOf(node));
            Assert.Equal((a.NanoCpus, a.MemoryBytes, a.ActiveTasks), (b.NanoCpus, b.MemoryBytes, b.ActiveTasks));
            Assert.True(a.HostPorts.SetEquals(b.HostPorts));
        }
    }
}
