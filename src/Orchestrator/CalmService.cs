using System.Collections.Immutable;
using Swarm.Model;

namespace Swarm.Orchestrator;

/// <summary>
/// A replicated service that has its number of slots and is not being updated: all there is to do is in the slots
/// that are not settled, usually none or a few. Finding them costs a look at each task and nothing more, which is
/// what keeps one crashed task of a hundred thousand from costing as much as all of them.
/// </summary>
internal sealed class CalmService
{
    private readonly ServiceScope _scope;
    private readonly int _limit;
    private List<Slot> _busy = [];
    private ulong _settled;

    private CalmService(ServiceScope scope) => (_scope, _limit) = (scope, TaskReaper.Limit(scope));

    /// <summary>Null when the whole service has to be looked at.</summary>
    internal static CalmService? Of(ServiceScope scope)
    {
        if (scope.Service is { Removing: true } or { IsGlobal: true } or { IsJob: true }
            or { Update: { IsRunning: true } or { IsPaused: true } })
        {
            return null;
        }

        var calm = new CalmService(scope);
        return calm.Scan() ? calm : null;
    }

    /// <summary>Reaps and keeps alive what is not settled.</summary>
    internal void Keep()
    {
        TaskReaper.Reap(_scope, _busy);
        foreach (var slot in _busy.Where(s => !s.IsLeaving))
        {
            SlotKeeper.Step(_scope, slot);
        }
    }

    /// <summary>False when slots are missing or too many, or hold tasks that an update has to replace.</summary>
    private bool Scan()
    {
        _busy = _scope.Read(ids => !IsSettled(ids));
        var staying = _settled + (ulong)_busy.Count(s => !s.IsLeaving);
        return staying == _scope.Service.Spec.Replicas()
            && !_busy.Exists(s => s.Wanted.Exists(_scope.IsDirty)
                || (s.Wanted.Count == 0 && s.Newest is { } last && _scope.IsDirty(last)));
    }

    /// <summary>Its last task is wanted, lives, and lies well; those before it have ended and may be kept.</summary>
    private bool IsSettled(ImmutableArray<TaskId> ids)
    {
        if (_limit >= 0 && ids.Length > Math.Max(_limit, 1))
        {
            return false;
        }

        for (var i = 0; i < ids.Length - 1; i++)
        {
            var old = _scope.State.Tasks[ids[i]];
            if (old.DesiredState != TaskState.Shutdown || !old.Status.State.IsTerminal())
            {
                return false;
            }
        }

        var task = _scope.State.Tasks[ids[^1]];
        if (task.DesiredState != _scope.Up || task.Status.State.IsTerminal() || _scope.HasLostNode(task)
            || _scope.IsDirty(task) || _scope.IsMisplaced(task))
        {
            return false;
        }

        _settled++;
        return true;
    }
}
