namespace Swarm.Model;

/// <summary>Names one cluster for its whole life; part of every certificate and every Raft message.</summary>
public readonly record struct ClusterId(string Value) : IComparable<ClusterId>
{
    /// <inheritdoc/>
    public int CompareTo(ClusterId other) => string.CompareOrdinal(Value, other.Value);

    /// <inheritdoc/>
    public override string ToString() => Value;
}

/// <summary>Names one node; given by the certificate authority, never by the node.</summary>
public readonly record struct NodeId(string Value) : IComparable<NodeId>
{
    /// <summary>True for the default value: no node.</summary>
    public bool IsNone => string.IsNullOrEmpty(Value);

    /// <inheritdoc/>
    public int CompareTo(NodeId other) => string.CompareOrdinal(Value, other.Value);

    /// <inheritdoc/>
    public override string ToString() => Value ?? "";
}

/// <summary>Names one service, also across renames and updates.</summary>
public readonly record struct ServiceId(string Value) : IComparable<ServiceId>
{
    /// <inheritdoc/>
    public int CompareTo(ServiceId other) => string.CompareOrdinal(Value, other.Value);

    /// <inheritdoc/>
    public override string ToString() => Value ?? "";
}

/// <summary>Names one secret or config; never given twice, so a name that is used again is another one.</summary>
public readonly record struct PayloadId(string Value) : IComparable<PayloadId>
{
    /// <inheritdoc/>
    public int CompareTo(PayloadId other) => string.CompareOrdinal(Value, other.Value);

    /// <inheritdoc/>
    public override string ToString() => Value ?? "";
}

/// <summary>Names one task: one attempt to run one container on one node.</summary>
public readonly record struct TaskId(string Value) : IComparable<TaskId>
{
    /// <inheritdoc/>
    public int CompareTo(TaskId other) => string.CompareOrdinal(Value, other.Value);

    /// <inheritdoc/>
    public override string ToString() => Value ?? "";
}
