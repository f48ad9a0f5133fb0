namespace Swarm.Histories;

/// <summary>What an operation does to the value under its key; an absent value is null.</summary>
public enum OperationKind
{
    /// <summary>Tells the value.</summary>
    Read,

    /// <summary>Puts a value, whatever was there.</summary>
    Write,

    /// <summary>Puts a value if <see cref="Operation.Expected"/> is there.</summary>
    CompareAndSet,

    /// <summary>Puts a value if none is there.</summary>
    Create,

    /// <summary>Takes the value away if one is there.</summary>
    Delete,
}

/// <summary>What the client knows of its operation.</summary>
public enum OperationOutcome
{
    /// <summary>It was answered: <see cref="Operation.Result"/> is what the client was told.</summary>
    Known,

    /// <summary>It may have taken effect, may still do so at any later time, or never.</summary>
    Unknown,

    /// <summary>It has certainly had no effect and tells nothing; the checker does not look at it.</summary>
    NotDone,
}

/// <summary>One operation of one client on one key. Times are of one clock that never goes back.</summary>
/// <param name="ClientId">Who asked; only for explanations.</param>
/// <param name="StartNs">When it was asked.</param>
/// <param name="EndNs">When it was answered; null when it never was (then the outcome is not Known).</param>
/// <param name="Key">Keys are independent of each other.</param>
/// <param name="Kind">What was asked.</param>
/// <param name="Value">What was to be put; null for reads and deletions.</param>
/// <param name="Result">Known reads: the value that was read, null when absent. Known changes: <see cref="Ok"/> or
/// <see cref="Refused"/>. Otherwise null.</param>
/// <param name="Outcome">What is known of it.</param>
public sealed record Operation(
    long ClientId,
    long StartNs,
    long? EndNs,
    string Key,
    OperationKind Kind,
    string? Value,
    string? Result,
    OperationOutcome Outcome)
{
    /// <summary>Result of a change that took effect.</summary>
    public const string Ok = "ok";

    /// <summary>Result of a change whose condition did not hold: another value was there, or none, or one already. A
    /// writer that cannot rely on that condition (an object whose version moves for other reasons) reports
    /// <see cref="OperationOutcome.NotDone"/> instead.</summary>
    public const string Refused = "refused";

    /// <summary>With <see cref="OperationKind.CompareAndSet"/>: the value that had to be there; null = none.</summary>
    public string? Expected { get; init; }

    /// <inheritdoc/>
    public override string ToString()
    {
        var what = Kind switch
        {
            OperationKind.Read => "read",
            OperationKind.Write => $"write {Value}",
            OperationKind.CompareAndSet => $"set {Expected ?? "(absent)"} to {Value}",
            OperationKind.Create => $"create {Value}",
            _ => "delete",
        };
        var told = Outcome switch
        {
            OperationOutcome.Unknown => "unknown",
            OperationOutcome.NotDone => "not done",
            _ => Result ?? "(absent)",
        };
        return FormattableString.Invariant($"[{StartNs}..{EndNs}] client {ClientId} {Key}: {what} -> {told}");
    }
}
