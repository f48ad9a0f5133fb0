namespace Swarm.Histories;

/// <summary>
/// Makes a history that has no order small enough to be understood: cuts it after the first answer that cannot be
/// explained, then leaves out the reads that are not needed for that.
/// </summary>
internal static class Contradiction
{
    /// <summary>Beyond this many reads only the cut is made.</summary>
    private const int MaxReadsTried = 400;

    public static Verdict.Violation Explain(string key, List<Operation> operations, long maxSteps)
    {
        var ends = operations.Where(o => o.Outcome == OperationOutcome.Known).OrderBy(o => o.EndNs).ToArray();
        var (low, high) = (0, ends.Length - 1);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (HasNoOrder(CutAfter(operations, ends[middle].EndNs!.Value), maxSteps))
                high = middle;
            else
                low = middle + 1;
        }
        var broken = ends[low];
        var minimal = CutAfter(operations, broken.EndNs!.Value);
        DropReads(minimal, broken, maxSteps);
        return new(key, broken, minimal);
    }

    /// <summary>The history as it was known at one time: what was not answered yet is unknown.</summary>
    private static List<Operation> CutAfter(List<Operation> operations, long time)
    {
        var cut = new List<Operation>();
        foreach (var o in operations.Where(o => o.StartNs <= time))
        {
            if (o.Outcome != OperationOutcome.Known || o.EndNs <= time)
                cut.Add(o);
            else if (o.Kind != OperationKind.Read)
                cut.Add(o with { EndNs = null, Result = null, Outcome = OperationOutcome.Unknown });
        }
        return cut;
    }

    private static void DropReads(List<Operation> operations, Operation broken, long maxSteps)
    {
        if (operations.Count(o => o.Kind == OperationKind.Read) > MaxReadsTried)
            return;
        for (var i = operations.Count - 1; i >= 0; i--)
        {
            var read = operations[i];
            if (read.Kind != OperationKind.Read || ReferenceEquals(read, broken))
                continue;
            operations.RemoveAt(i);
            if (!HasNoOrder(operations, maxSteps))
                operations.Insert(i, read);
        }
    }

    private static bool HasNoOrder(List<Operation> operations, long maxSteps) =>
        new KeySearch(operations, maxSteps).Run() == SearchResult.None;
}
