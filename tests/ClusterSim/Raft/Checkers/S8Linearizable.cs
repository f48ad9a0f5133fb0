using Swarm.Histories;

namespace Swarm.ClusterSim.Raft;

/// <summary>S8: what clients were told is linearizable, key by key.</summary>
internal sealed class S8Linearizable(Coverage coverage)
{
    private const long MaxSteps = 300_000;
    private readonly List<Operation> _history = [];

    public int Count => _history.Count;

    public void Add(Operation operation) => _history.Add(operation);

    public void Check()
    {
        switch (HistoryChecker.Check(_history, MaxSteps))
        {
            case Verdict.Violation violation:
                throw new ViolationException("S8", violation.Explanation);
            case Verdict.Undecided:
                coverage.Count("history undecided");
                break;
            default:
                coverage.Count("history linearizable");
                break;
        }
    }
}
