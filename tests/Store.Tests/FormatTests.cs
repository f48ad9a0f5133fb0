using Google.Protobuf;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Store.Tests;

public sealed class FormatTests
{
    private static readonly DateTimeOffset At = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void What_format_1_wrote_is_read()
    {
        var state = Replayed();
        var copy = SnapshotCodec.Decode(Golden.Lines("snapshot-1.txt").Single());
        Assert.Equal(copy.Hash128, state.Hash128);
        Assert.Equal(copy.LastIndex, state.LastIndex);
        Assert.Equal((1U, 1, 1, 1), (copy.Format, copy.Nodes.Count, copy.Services.Count, copy.Tasks.Count));
        Assert.Equal("secret", copy.Cluster!.RootKeyPem);
        Assert.Equal(0UL, copy.Cluster.Epoch);
    }

    [Fact]
    public void The_golden_entries_have_every_kind_of_format_1() => Assert.Equal(
        20,
        Golden.Lines("entries-1.txt").Select(b => EntryCodec.Decode(b).Actions[0].GetType()).Distinct().Count());

    [Fact]
    public void Where_an_older_manager_has_to_read_it_format_1_is_written_byte_for_byte()
    {
        foreach (var bytes in Golden.Lines("entries-1.txt"))
        {
            Assert.Equal(bytes, EntryCodec.Encode(EntryCodec.Decode(bytes)));
        }

        Assert.Equal(Golden.Lines("snapshot-1.txt").Single(), SnapshotCodec.Encode(Replayed()));
    }

    [Fact]
    public void Once_all_understand_it_the_newest_format_is_written()
    {
        var state = Replayed();
        var newer = state.Cluster! with { FormatVersion = StoreFormat.Newest };
        state = state.Apply(StoreEntry.Of(At, new StoreAction.SetCluster(newer)), state.LastIndex + 1).State;
        Assert.Equal(StoreFormat.Newest, state.Format);
        var bytes = SnapshotCodec.Encode(state);
        Assert.NotEqual(bytes[0], Golden.Lines("snapshot-1.txt").Single()[0]);
        Assert.Equal(state.Hash128, SnapshotCodec.Decode(bytes).Hash128);
    }

    [Fact]
    public void A_format_of_the_future_is_refused_with_what_to_do()
    {
        var entry = new LogEntry { Format = StoreFormat.Newest + 1 }.ToByteArray();
        Assert.Contains("newer program", Assert.Throws<InvalidDataException>(() => EntryCodec.Decode(entry)).Message);
        Assert.Throws<InvalidDataException>(() => EntryCodec.Decode(new LogEntry().ToByteArray()));
        var log = new Log();
        log.Must(new StoreAction.SetCluster(Golden.Cluster()));
        var snapshot = SnapshotCodec.Encode(log.State);
        snapshot[4] = (byte)(StoreFormat.Newest + 1);
        Assert.Contains(
            "newer program", Assert.Throws<InvalidDataException>(() => SnapshotCodec.Decode(snapshot)).Message);
    }

    [Fact]
    public void Kernel_knobs_of_a_container_need_their_own_format()
    {
        foreach (var edit in new Action<ContainerSpec>[]
        {
            c => c.OomScoreAdj = 0, c => c.Sysctls["a"] = "b", c => c.Ulimits.Add(new Ulimit { Name = "core" }),
        })
        {
            var spec = new ServiceSpec { Task = new TaskSpec { Container = new ContainerSpec() } };
            var id = new ServiceId("s");
            Assert.Equal(StoreFormat.First, StoreFormat.NeededBy(new StoreAction.UpdateServiceSpec(id, 1, spec)));
            edit(spec.Task.Container);
            Assert.Equal(StoreFormat.KernelAndGeneric, StoreFormat.NeededBy(new StoreAction.CreateService(id, spec)));
            Assert.Equal(
                StoreFormat.KernelAndGeneric, StoreFormat.NeededBy(new StoreAction.UpdateServiceSpec(id, 1, spec)));
        }
    }

    [Fact]
    public void Credentials_of_a_service_need_their_own_format()
    {
        var (id, spec) = (new ServiceId("s"), new ServiceSpec { Task = new TaskSpec { Container = new() } });
        var registry = new RegistryLogin("registry.test", "ci", "word");
        Assert.Equal(
            StoreFormat.Registries,
            StoreFormat.NeededBy(new StoreAction.CreateService(id, spec) { Registry = registry }));
        Assert.Equal(
            StoreFormat.Registries,
            StoreFormat.NeededBy(new StoreAction.UpdateServiceSpec(id, 1, spec) { Registry = registry }));
    }

    [Fact]
    public void What_a_placed_run_is_made_of_needs_its_own_format()
    {
        foreach (var edit in new Action<ServiceSpec>[]
        {
            s => s.Task.Container.OpenStdin = true, s => s.Task.Container.AttachFirst = true,
            s => s.ReplicatedJob = new ReplicatedJobMode { RemoveAfterNs = 0 },
        })
        {
            var spec = new ServiceSpec { Task = new TaskSpec { Container = new ContainerSpec() } };
            edit(spec);
            var id = new ServiceId("s");
            var registry = new RegistryLogin("registry.test", "ci", "word");
            Assert.Equal(StoreFormat.Runs, StoreFormat.NeededBy(new StoreAction.CreateService(id, spec)));
            Assert.Equal(
                StoreFormat.Runs,
                StoreFormat.NeededBy(new StoreAction.UpdateServiceSpec(id, 1, spec) { Registry = registry }));
        }
    }

    [Fact]
    public void Secrets_and_health_checks_need_their_own_format()
    {
        foreach (var edit in new Action<ContainerSpec>[]
        {
            c => c.Secrets.Add(new PayloadReference()), c => c.Configs.Add(new PayloadReference()),
            c => c.Health = new HealthCheck(),
        })
        {
            var spec = new ServiceSpec { Task = new TaskSpec { Container = new ContainerSpec() } };
            edit(spec.Task.Container);
            var create = new StoreAction.CreateService(new ServiceId("s"), spec);
            Assert.Equal(StoreFormat.PayloadsAndHealth, StoreFormat.NeededBy(create));
        }

        Assert.Equal(
            StoreFormat.PayloadsAndHealth,
            StoreFormat.NeededBy(new StoreAction.CreatePayload(Log.Payload("p", "key"))));
    }

    [Fact]
    public void The_needed_format_is_the_oldest_that_can_say_it()
    {
        var plain = StoreEntry.Of(At, new StoreAction.RemoveService(new ServiceId("s")));
        Assert.Equal(StoreFormat.First, StoreFormat.NeededBy(plain));
        var command = plain with { Request = new RequestMark(new RequestId(1, 2, 3), 4) };
        Assert.Equal(StoreFormat.Requests, StoreFormat.NeededBy(command));
        var cluster = Golden.Cluster() with { FormatVersion = 0 };
        Assert.Equal(StoreFormat.First, StoreFormat.NeededBy(new StoreAction.SetCluster(cluster)));
        foreach (var newer in new[]
        {
            cluster with { Epoch = 1 }, cluster with { AutoLock = true }, cluster with { UnlockKey = [1] },
            cluster with { FormatVersion = 2 }, cluster with { Observe = true },
        })
        {
            Assert.Equal(StoreFormat.Requests, StoreFormat.NeededBy(new StoreAction.SetCluster(newer)));
        }
    }

    [Fact]
    public void Format_and_epoch_never_go_back()
    {
        var log = new Log();
        log.Must(new StoreAction.SetCluster(Golden.Cluster() with { Epoch = 3 }));
        Assert.Equal(
            RefusalKind.IllegalTransition,
            log.Do(new StoreAction.SetCluster(Golden.Cluster() with { Epoch = 3, FormatVersion = 1 })).Kind);
        Assert.Equal(
            RefusalKind.IllegalTransition, log.Do(new StoreAction.SetCluster(Golden.Cluster())).Kind);
    }

    [Fact]
    public void A_damaged_snapshot_is_refused_wherever_the_damage_is()
    {
        var log = new Log();
        log.Must(new StoreAction.SetCluster(Golden.Cluster()), new StoreAction.CreateNode(Log.Node("n")));
        var bytes = SnapshotCodec.Encode(log.State);
        for (var at = 6; at < bytes.Length; at++)
        {
            var damaged = bytes.ToArray();
            damaged[at] ^= 1;
            Assert.Throws<InvalidDataException>(() => SnapshotCodec.Decode(damaged));
        }
    }

    [Fact]
    public void A_snapshot_is_written_in_pieces_while_the_state_goes_on()
    {
        var log = new Log();
        log.Must(new StoreAction.SetCluster(Golden.Cluster()));
        log.Must([.. Enumerable.Range(0, 3_000).Select(i => new StoreAction.CreateService(
            new ServiceId($"s{i}"), Log.Spec($"web{i}")))]);
        var state = log.State;
        using var target = new Pieces(() => log.Must(new StoreAction.RemoveService(new ServiceId($"s{log.Next++}"))));
        SnapshotCodec.Write(state, target);
        Assert.True(target.Count > 3, $"{target.Count} pieces");
        Assert.True(target.Largest <= 64 << 10, $"{target.Largest} bytes at once");
        Assert.Equal(state.Hash128, SnapshotCodec.Decode(target.ToArray()).Hash128);
        Assert.NotEqual(state.Hash128, log.State.Hash128);
    }

    private static ClusterState Replayed() => Golden.Lines("entries-1.txt").Aggregate(
        ClusterState.Empty, (state, bytes) => state.Apply(EntryCodec.Decode(bytes), state.LastIndex + 1).State);

    private sealed class Pieces(Action onWrite) : MemoryStream
    {
        internal int Count { get; private set; }

        internal int Largest { get; private set; }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            onWrite();
            Count++;
            Largest = Math.Max(Largest, buffer.Length);
            base.Write(buffer);
        }
    }
}
