namespace Swarm.Histories.Tests;

/// <summary>Short ways to write histories down.</summary>
internal static class History
{
    public static Operation Read(long from, long to, string? result) =>
        new(1, from, to, "k", OperationKind.Read, null, result, OperationOutcome.Known);

    public static Operation Write(long from, long to, string value) =>
        new(2, from, to, "k", OperationKind.Write, value, Operation.Ok, OperationOutcome.Known);

    public static Operation Set(long from, long to, string? expected, string value, bool ok = true) =>
        new(3, from, to, "k", OperationKind.CompareAndSet, value, ok ? Operation.Ok : Operation.Refused,
            OperationOutcome.Known) { Expected = expected };

    public static Operation Create(long from, long to, string value, bool ok = true) =>
        new(4, from, to, "k", OperationKind.Create, value, ok ? Operation.Ok : Operation.Refused,
            OperationOutcome.Known);

    public static Operation Delete(long from, long to, bool ok = true) =>
        new(5, from, to, "k", OperationKind.Delete, null, ok ? Operation.Ok : Operation.Refused,
            OperationOutcome.Known);

    public static Operation Lost(this Operation o) =>
        o with { EndNs = null, Result = null, Outcome = OperationOutcome.Unknown };
}
