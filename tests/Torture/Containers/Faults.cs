using System.Collections.Concurrent;

namespace Swarm.Torture.Containers;

/// <summary>What was found wrong; told at once and in the summary.</summary>
internal sealed class Faults
{
    private const int MaxShown = 20;
    private readonly ConcurrentQueue<string> _found = new();

    internal int Count => _found.Count;

    internal void Add(string text)
    {
        Summary.Progress($"WRONG: {text}");
        _found.Enqueue(text);
    }

    internal void Tell(Summary summary)
    {
        foreach (var text in _found.Take(MaxShown))
            summary.Note($"WRONG: {text}");
    }
}
