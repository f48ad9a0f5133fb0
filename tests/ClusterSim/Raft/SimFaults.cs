using Swarm.Raft;

namespace Swarm.ClusterSim.Raft;

/// <summary>How much goes wrong in this run, and the cuts of the network over time.</summary>
internal sealed class SimFaults
{
    private readonly Dice _dice;
    private readonly SimNetwork _network;
    private long _nextCutMs;

    public SimFaults(Dice dice, SimNetwork network)
    {
        _dice = dice;
        _network = network;
        CrashPerThousand = dice.Below(3);
        CrashInWritePerThousand = dice.Below(3);
        RestartPerThousand = 5 + dice.Below(30);
        PausePerThousand = dice.Below(3);
        SlowClockPerThousand = dice.Below(4) * 50;
        network.LossPerThousand = dice.Below(4) * 50;
        network.DuplicatePerThousand = dice.Below(4) * 50;
        network.MaxDelayMs = 1 + (dice.Below(4) * 20) + (dice.Below(10) == 0 ? 1000 : 0);
    }

    public int CrashPerThousand { get; }

    public int CrashInWritePerThousand { get; }

    public int RestartPerThousand { get; }

    public int PausePerThousand { get; }

    public int SlowClockPerThousand { get; }

    public void OnTick(long nowMs, IReadOnlyList<RaftId> members)
    {
        if (nowMs < _nextCutMs)
            return;
        _nextCutMs = nowMs + 500 + _dice.Below(4000);
        _network.Heal();
        switch (_dice.Below(4))
        {
            case 0:
                Split(members);
                break;
            case 1:
                Isolate(members);
                break;
            case 2:
                OneWay(members);
                break;
        }
    }

    private void Split(IReadOnlyList<RaftId> members)
    {
        var left = members.Where(_ => _dice.Below(2) == 0).ToHashSet();
        foreach (var a in members)
        {
            foreach (var b in members.Where(b => left.Contains(a) != left.Contains(b)))
                _network.Cut(a, b);
        }
        Count("partitioned");
    }

    private void Isolate(IReadOnlyList<RaftId> members)
    {
        var alone = _dice.Pick(members);
        foreach (var other in members)
        {
            _network.Cut(alone, other);
            _network.Cut(other, alone);
        }
        Count("isolated");
    }

    private void OneWay(IReadOnlyList<RaftId> members)
    {
        for (var i = 0; i < 3; i++)
            _network.Cut(_dice.Pick(members), _dice.Pick(members));
        Count("one-way");
    }

    private void Count(string what) => _network.Counts[what] = _network.Counts.GetValueOrDefault(what) + 1;
}
