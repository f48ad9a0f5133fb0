namespace Swarm.Histories;

/// <summary>
/// Says whether a history of registers is linearizable (Herlihy and Wing 1990): whether every operation can be thought
/// of as happening at one moment between its start and its end. Keys are looked at one by one, because a history is
/// linearizable exactly when that of each key is. The search is Wing and Gong's with Lowe's memory of what was tried.
/// </summary>
public static class HistoryChecker
{
    /// <summary>Steps of the search for one key, by default.</summary>
    public const long DefaultMaxSteps = 20_000_000;

    /// <summary>Checks a history; every key is absent before its first operation.</summary>
    /// <exception cref="ArgumentException">An operation contradicts itself; the text says which and why.</exception>
    public static Verdict Check(IReadOnlyList<Operation> history, long maxSteps = DefaultMaxSteps)
    {
        ArgumentNullException.ThrowIfNull(history);
        var byKey = new SortedDictionary<string, List<Operation>>(StringComparer.Ordinal);
        foreach (var operation in history)
        {
            Validate(operation);
            if (operation.Outcome == OperationOutcome.NotDone
                || (operation is { Outcome: OperationOutcome.Unknown, Kind: OperationKind.Read }))
                continue;
            if (!byKey.TryGetValue(operation.Key, out var list))
                byKey.Add(operation.Key, list = []);
            list.Add(operation);
        }
        foreach (var (key, operations) in byKey)
        {
            if (CheckKey(key, operations, maxSteps) is { } verdict)
                return verdict;
        }
        return new Verdict.Ok(byKey.Values.Sum(o => o.Count), byKey.Count);
    }

    private static Verdict? CheckKey(string key, List<Operation> operations, long maxSteps)
    {
        operations.Sort((a, b) => a.StartNs.CompareTo(b.StartNs));
        var search = new KeySearch(operations, maxSteps);
        return search.Run() switch
        {
            SearchResult.Found => null,
            SearchResult.TooLong => new Verdict.Undecided(key, search.Steps),
            _ => Contradiction.Explain(key, operations, maxSteps),
        };
    }

    private static void Validate(Operation o)
    {
        ArgumentNullException.ThrowIfNull(o);
        var wrong = o switch
        {
            { EndNs: { } end } when end < o.StartNs => "it ends before it starts",
            { Outcome: OperationOutcome.Known, EndNs: null } => "it is known but has no end",
            { Outcome: not OperationOutcome.Known } or { Kind: OperationKind.Read } => "",
            { Kind: OperationKind.Write, Result: not Operation.Ok } => "a known write is ok",
            { Result: not (Operation.Ok or Operation.Refused) } => "a known change is ok or refused",
            _ => "",
        };
        if (wrong.Length == 0 && o.Value is null
            && o.Kind is OperationKind.Write or OperationKind.CompareAndSet or OperationKind.Create)
            wrong = "it puts no value";
        if (wrong.Length > 0)
            throw new ArgumentException($"{wrong}: {o}", nameof(o));
    }
}
