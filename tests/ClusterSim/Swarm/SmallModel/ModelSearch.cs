using System.Security.Cryptography;
using System.Text;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>Depth first, each state once; a way back to a state of the same way is a livelock.</summary>
internal sealed class ModelSearch
{
    private readonly Dictionary<UInt128, bool> _visited = [];
    private readonly List<string> _path = [];

    public long States => _visited.Count;

    public long Steps { get; private set; }

    public long AtRest { get; private set; }

    public int Longest { get; private set; }

    /// <summary>How the search came to where it is.</summary>
    public IReadOnlyList<string> Path => _path;

    public void Explore(ModelState start)
    {
        var ways = new Stack<(UInt128 Key, List<ModelStep> Steps, int Next)>();
        ways.Push((Enter(start, out var steps)!.Value, steps, 0));
        while (ways.Count > 0)
        {
            var (key, open, next) = ways.Pop();
            if (next == open.Count)
            {
                _visited[key] = true;
                if (_path.Count > 0)
                    _path.RemoveAt(_path.Count - 1);
                continue;
            }
            ways.Push((key, open, next + 1));
            Steps++;
            _path.Add(open[next].Name);
            if (Enter(open[next].Next, out var following) is { } entered)
                ways.Push((entered, following, 0));
            else
                _path.RemoveAt(_path.Count - 1);
            Longest = Math.Max(Longest, _path.Count);
        }
    }

    /// <summary>Null when the state is known.</summary>
    private UInt128? Enter(ModelState state, out List<ModelStep> steps)
    {
        steps = [];
        var hash = Hash(state);
        if (_visited.TryGetValue(hash, out var done))
        {
            if (!done)
                throw new ViolationException("L1", $"it goes round in a circle: {state.Key()}");
            return null;
        }
        _visited.Add(hash, false);
        steps = ModelSteps.Of(state);
        if (steps.TrueForAll(s => s.IsFailure))
        {
            AtRest++;
            ModelRules.AtRest(state);
        }
        return hash;
    }

    private static UInt128 Hash(ModelState state)
    {
        Span<byte> digest = stackalloc byte[32];
        SHA256.HashData(Encoding.UTF8.GetBytes(state.Key()), digest);
        return new UInt128(BitConverter.ToUInt64(digest), BitConverter.ToUInt64(digest[8..]));
    }
}
