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
/// <param name="actions">As many tasks as it may change, or about so.</param>
internal sealed class TaskChanges(ulong index, int actions)
{
    private ImmutableArray<Change<TaskRecord>>.Builder? _made;

    /// <summary>The row of each task, from the first one on that was touched twice.</summary>
    private Dictionary<TaskId, int>? _rowOf;

    private bool _hasDropped;

    private ImmutableArray<Change<TaskRecord>>.Builder Rows =>
        _made ??= ImmutableArray.CreateBuilder<Change<TaskRecord>>(actions);

    /// <param name="old">What it was until now; null when it was not there.</param>
    /// <param name="now">What it is; null when it is gone.</param>
    internal void Note(TaskRecord? old, TaskRecord? now)
    {
        var mayBeKnown = old is null ? _hasDropped : old.Version == index;
        _hasDropped |= now is null;
        if (_rowOf is null && !mayBeKnown)
        {
            Rows.Add(new(old, now));
            return;
        }

        _rowOf ??= RowsById();
        ref var row = ref CollectionsMarshal.GetValueRefOrAddDefault(_rowOf, (now ?? old!).Id, out var isKnown);
        if (isKnown)
        {
            Rows[row] = Rows[row] with { After = now };
            return;
        }

        row = Rows.Count;
        Rows.Add(new(old, now));
    }

    internal ImmutableArray<Change<TaskRecord>> Finish()
    {
        if (_rowOf is not null)
        {
            Rows.RemoveAll(static r => ReferenceEquals(r.Before, r.After));
        }

        return _made?.DrainToImmutable() ?? [];
    }

    private Dictionary<TaskId, int> RowsById()
    {
        var rows = new Dictionary<TaskId, int>(Rows.Count);
        for (var i = 0; i < Rows.Count; i++)
        {
            rows.Add((Rows[i].After ?? Rows[i].Before!).Id, i);
        }

        return rows;
    }
}
