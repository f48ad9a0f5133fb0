using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Swarm.Model;

namespace Swarm.Store;

/// <summary>
/// What each touched task was before the entry and what it is after it, in the order of the first touch. A record that
/// this very entry wrote tells so by its version, so most tasks are known to be touched for the first time without
/// a look-up.
/// </summary>
/// <param name="index">Of the entry.</param>
internal sealed class TaskChanges(ulong index)
{
    private readonly List<Change<TaskRecord>> _rows = [];

    /// <summary>The row of each task, from the first one on that was touched twice.</summary>
    private Dictionary<TaskId, int>? _rowOf;

    private bool _hasDropped;

    /// <param name="old">What it was until now; null when it was not there.</param>
    /// <param name="now">What it is; null when it is gone.</param>
    internal void Note(TaskRecord? old, TaskRecord? now)
    {
        var mayBeKnown = old is null ? _hasDropped : old.Version == index;
        _hasDropped |= now is null;
        if (_rowOf is null && !mayBeKnown)
        {
            _rows.Add(new(old, now));
            return;
        }

        _rowOf ??= RowsById();
        ref var row = ref CollectionsMarshal.GetValueRefOrAddDefault(_rowOf, (now ?? old!).Id, out var isKnown);
        if (isKnown)
        {
            _rows[row] = _rows[row] with { After = now };
            return;
        }

        row = _rows.Count;
        _rows.Add(new(old, now));
    }

    internal ImmutableArray<Change<TaskRecord>> Finish()
    {
        if (_rowOf is not null)
        {
            _rows.RemoveAll(static r => ReferenceEquals(r.Before, r.After));
        }

        return [.. _rows];
    }

    private Dictionary<TaskId, int> RowsById()
    {
        var rows = new Dictionary<TaskId, int>(_rows.Count);
        for (var i = 0; i < _rows.Count; i++)
        {
            rows.Add((_rows[i].After ?? _rows[i].Before!).Id, i);
        }

        return rows;
    }
}
