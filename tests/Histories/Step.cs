namespace Swarm.Histories;

/// <summary>
/// An operation as the search sees it: values are small numbers, 0 is absent. What an operation asks of the value
/// before it is one of: nothing, one value, any other value.
/// </summary>
internal readonly record struct Step(int Index, bool Optional, Step.Needs Need, int Value, int? Next)
{
    internal enum Needs
    {
        Anything,
        ThisValue,
        AnotherValue,
    }

    /// <summary>Reads and refused changes leave the value as it is.</summary>
    public bool Changes => Next is not null;

    public bool TryFrom(int state, out int next)
    {
        next = Next ?? state;
        return Need switch
        {
            Needs.ThisValue => state == Value,
            Needs.AnotherValue => state != Value,
            _ => true,
        };
    }

    public static Step Of(Operation o, int index, Func<string?, int> number)
    {
        var optional = o.Outcome == OperationOutcome.Unknown;
        var applied = optional || o.Result == Operation.Ok;
        int? next = o.Kind != OperationKind.Read && applied ? number(o.Value) : null;
        return o.Kind switch
        {
            OperationKind.Read => new(index, false, Needs.ThisValue, number(o.Result), null),
            OperationKind.Write => new(index, optional, Needs.Anything, 0, next),
            OperationKind.CompareAndSet => new(index, optional, Holds(applied), number(o.Expected), next),
            OperationKind.Create => new(index, optional, Holds(applied), 0, next),
            _ => new(index, optional, Holds(!applied), 0, applied ? 0 : null),
        };
    }

    private static Needs Holds(bool holds) => holds ? Needs.ThisValue : Needs.AnotherValue;
}
