using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Swarm.Manager.Control;
using Swarm.Model;
using Swarm.Orchestrator;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Manager.Tests.Control;

/// <summary>
/// Random specs through validation, the codec of the log, Apply and the planner: whatever a person writes, it is
/// refused with its faults or it is planned; nothing throws. SWARM_RANDOM_SPECS=100000 for the long run.
/// </summary>
public sealed class RandomSpecTests
{
    private const int UsualSpecs = 3_000;
    private const int Plans = 3;
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Whatever_is_asked_is_refused_or_planned()
    {
        var text = Environment.GetEnvironmentVariable("SWARM_RANDOM_SPECS");
        var specs = text is null ? UsualSpecs : int.Parse(text, CultureInfo.InvariantCulture);
        var (asked, planned) = (0, 0);
        var property = Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), seed =>
        {
            asked++;
            planned += Ask(seed) ? 1 : 0;
        });
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(specs), property);
        // A generator that is always refused, or never, would prove nothing.
        Assert.InRange(planned, asked / 10, asked - (asked / 10));
    }

    /// <summary>True when the spec was good enough to be planned.</summary>
    private static bool Ask(int seed)
    {
        var dice = new RandomSpecs(seed);
        var spec = dice.Next();
        if (SpecJudge.Faults(spec) is { Count: > 0 } faults)
        {
            Assert.All(faults, f =>
            {
                Assert.NotEqual("", f.Field);
                Assert.NotEqual("", f.Rule);
                Assert.NotEqual("", f.Remedy);
                Assert.DoesNotContain(f.ToString(), char.IsControl);
            });
            return false;
        }

        var cluster = new Cluster();
        var id = new ServiceId("service");
        Assert.True(cluster.Do(new StoreAction.CreateService(id, spec)).IsApplied);
        cluster.Plan();
        var next = dice.Successor(spec);
        if (SpecJudge.Faults(next).Count == 0)
        {
            var outcome = cluster.Do(new StoreAction.UpdateServiceSpec(id, cluster.State.Services[id].Version, next));
            Assert.True(outcome.IsApplied, outcome.Message);
            cluster.Plan();
        }

        cluster.Do(new StoreAction.RemoveService(id));
        cluster.Plan();
        return true;
    }

    /// <summary>Six nodes without workers.</summary>
    private sealed class Cluster
    {
        private readonly Planner _planner = new();
        private DateTimeOffset _now = Start;
        private int _tasks;

        internal Cluster()
        {
            for (var i = 0; i < 6; i++)
            {
                var id = new NodeId($"node{i}");
                Do(NewNodes.Create(id, i == 0 ? NodeRole.Manager : NodeRole.Worker, new NodeSpec
                {
                    Labels = { ["zone"] = i % 2 == 0 ? "a" : "b" },
                }));
                Do(new StoreAction.SetNodeDescription(id, new NodeDescription
                {
                    Hostname = id.Value,
                    Platform = new Platform { Os = "linux", Architecture = "x86_64" },
                    Resources = new Resources { NanoCpus = 4_000_000_000, MemoryBytes = 8L << 30 },
                }));
                Do(new StoreAction.SetNodeStatus(id, NodeStatus.Types.State.Ready, "", "10.0.0.1"));
            }
        }

        internal ClusterState State { get; private set; } = ClusterState.Empty;

        internal ActionOutcome Do(params StoreAction[] actions)
        {
            var bytes = EntryCodec.Encode(new StoreEntry(_now, [.. actions]));
            var result = State.Apply(EntryCodec.Decode(bytes), State.LastIndex + 1);
            State = result.State;
            return result.Outcomes[0];
        }

        internal void Plan()
        {
            for (var i = 0; i < Plans; i++)
            {
                var plan = _planner.Plan(State, _now, () => new TaskId($"task{_tasks++}"));
                if (plan.IsEmpty)
                {
                    return;
                }

                Do([.. plan.Actions]);
                _now = plan.WakeAt is { } wake && wake - _now < TimeSpan.FromDays(1)
                    ? wake
                    : _now + TimeSpan.FromSeconds(1);
            }
        }
    }
}
