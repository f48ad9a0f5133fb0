using System.Collections.Immutable;
using Swarm.Model;

namespace Swarm.Orchestrator;

/// <summary>
/// A replicated service that is not being updated and has no slots too many: all there is to do is in the slots that
/// are not settled, usually none or a few, and in those that are missing. Which these are is remembered, so that one
/// crashed task of a million costs as much as one of ten.
/// </summary>
internal sealed class CalmService(ServiceScope scope, ServiceLedger ledger)
{
    private readonly List<Slot> _busy = [];

    /// <summary>It may be one; its slots will tell.</summary>
    internal static bool MayBe(ServiceRecord service) =>
        service is not ({ Removing: true } or { IsGlobal: true } or { IsJob: true }
            or { Update: { IsRunning: true } or { IsPaused: true } });

    /// <summary>False, and nothing done, when the whole service has to be looked at.</summary>
    internal bool TryKeep()
    {
        foreach (var key in ledger.Busy)
        {
            _busy.Add(scope.Read(key));
        }

        _busy.Sort(static (a, b) => a.Key.Slot.CompareTo(b.Key.Slot));
        var staying = ledger.Settled + (ulong)_busy.Count(s => !s.IsLeaving);
        var replicas = scope.Service.Spec.Replicas();
        if (staying > replicas
            || _busy.Exists(s => s.Wanted.Exists(scope.IsDirty)
                || (s.Wanted.Count == 0 && s.Newest is { } last && scope.IsDirty(last))))
        {
            return false;
        }

        TaskReaper.Reap(scope, _busy);
        if (staying < replicas)
        {
            Scaling.Fill(scope, (replicas - staying, ledger.SkipTaken(scope)), IsTaken, Leaving());
        }

        foreach (var slot in _busy.Where(s => !s.IsLeaving).TakeWhile(_ => !scope.IsFull))
        {
            SlotKeeper.Step(scope, slot);
        }

        return true;
    }

    /// <summary>Its last task is wanted, lives, and lies well; those before it have ended and may be kept.</summary>
    /// <param name="scope">The service.</param>
    /// <param name="ids">The slot's tasks; none when there is only the last.</param>
    /// <param name="task">The last one.</param>
    internal static bool IsSettled(ServiceScope scope, ImmutableArray<TaskId> ids, TaskRecord task)
    {
        scope.Looks += Math.Max(1, ids.Length);
        if (scope.HistoryLimit >= 0 && ids.Length > Math.Max(scope.HistoryLimit, 1))
        {
            return false;
        }

        for (var i = 0; i < ids.Length - 1; i++)
        {
            var old = scope.State.Tasks[ids[i]];
            if (old.DesiredState != TaskState.Shutdown || !old.Status.State.IsTerminal())
            {
                return false;
            }
        }

        return task.DesiredState == scope.Up && !task.Status.State.IsTerminal() && !scope.HasLostNode(task)
            && !scope.IsDirty(task) && !scope.IsMisplaced(task);
    }

    private bool IsTaken(ulong number) =>
        scope.State.SlotsOf(scope.Service.Id).ContainsKey(new SlotKey(scope.Service.Id, number, default));

    private HashSet<ulong> Leaving() => [.. _busy.Where(s => s.IsLeaving).Select(s => s.Key.Slot)];
}
