using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Swarm.Histories;

namespace Swarm.Torture;

/// <summary>Every operation of every client, by one clock that never goes back.</summary>
internal sealed class History
{
    private readonly ConcurrentBag<Operation> _operations = [];

    internal IReadOnlyList<Operation> Operations => [.. _operations.OrderBy(o => o.StartNs)];

    internal static long NowNs() => (long)(Stopwatch.GetTimestamp() * (1e9 / Stopwatch.Frequency));

    internal void Add(Operation operation) => _operations.Add(operation);

    internal int Count(OperationKind kind, OperationOutcome outcome) =>
        _operations.Count(o => o.Kind == kind && o.Outcome == outcome);

    internal void WriteTo(string file) =>
        File.WriteAllLines(file, Operations.Select(o => o.ToString()));

    /// <summary>A value that nobody else writes.</summary>
    internal static string NewValue(long client, long number) =>
        string.Create(CultureInfo.InvariantCulture, $"c{client}-{number}");
}
