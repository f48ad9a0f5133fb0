namespace Swarm.Histories.Tests;

/// <summary>The definition of linearizability, written down without any cleverness: small histories only.</summary>
internal static class EveryOrder
{
    public static bool Explains(Operation[] history) => Rest([.. history], null);

    private static bool Rest(List<Operation> left, string? value)
    {
        if (left.TrueForAll(o => o.Outcome == OperationOutcome.Unknown))
            return true;
        for (var i = 0; i < left.Count; i++)
        {
            var next = left[i];
            if (left.Exists(o => o.Outcome == OperationOutcome.Known && o.EndNs < next.StartNs))
                continue;
            left.RemoveAt(i);
            var fits = Answers(next, value, out var after) && Rest(left, after);
            left.Insert(i, next);
            if (fits)
                return true;
        }
        return false;
    }

    private static bool Answers(Operation o, string? value, out string? after)
    {
        var applies = o.Kind switch
        {
            OperationKind.Write => true,
            OperationKind.CompareAndSet => value == o.Expected,
            OperationKind.Create => value is null,
            OperationKind.Delete => value is not null,
            _ => false,
        };
        after = applies ? o.Value : value;
        if (o.Kind == OperationKind.Read)
            return o.Result == value;
        return o.Outcome == OperationOutcome.Unknown || applies == (o.Result == Operation.Ok);
    }
}
