namespace Swarm.Node;

/// <summary>Docker's filters by label: KEY, or KEY=VALUE.</summary>
internal static class LabelFilter
{
    internal static bool Fits(IReadOnlyDictionary<string, string> labels, string label)
    {
        var equals = label.IndexOf('=', StringComparison.Ordinal);
        return equals < 0
            ? labels.ContainsKey(label)
            : labels.TryGetValue(label[..equals], out var value)
                && value.AsSpan().SequenceEqual(label.AsSpan(equals + 1));
    }
}
