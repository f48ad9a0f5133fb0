using Swarm.Histories;

namespace Swarm.Torture;

/// <summary>
/// A second, simpler look at the history: every value is written once, so the values of a key form a chain from the
/// first to the last. Each acknowledged value must lie on it; one that does not is an acknowledged write that was lost.
/// </summary>
internal static class Chain
{
    /// <summary>One line for each lost write.</summary>
    internal static IReadOnlyList<string> LostWrites(
        IReadOnlyList<Operation> history, IReadOnlyDictionary<string, string> last)
    {
        var lost = new List<string>();
        foreach (var group in history.GroupBy(o => o.Key))
        {
            var before = group
                .Where(o => o.Kind == OperationKind.CompareAndSet).ToDictionary(o => o.Value!, o => o.Expected);
            var chain = new HashSet<string>();
            for (var value = last[group.Key]; value is not null && chain.Add(value);)
                value = before.GetValueOrDefault(value);
            lost.AddRange(group
                .Where(o => o is { Outcome: OperationOutcome.Known, Kind: not OperationKind.Read }
                    && !chain.Contains(o.Value!))
                .Select(o => $"lost: {o}; the last value of {o.Key} is {last[o.Key]}"));
        }

        return lost;
    }
}
