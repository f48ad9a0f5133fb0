using Swarm.Model;

namespace Swarm.Manager.Core;

/// <summary>
/// Holds back the order to stop a task until no node's kernel sends it new connections: every open session has
/// acknowledged the mesh version that withdrew it, or the bound has passed (a node that does not answer must not
/// keep a task alive).
/// </summary>
internal sealed class WithdrawGate
{
    /// <summary>How long one silent node may delay a stop.</summary>
    internal static readonly TimeSpan Bound = TimeSpan.FromSeconds(2);

    private readonly Dictionary<TaskId, (ulong MeshVersion, DateTimeOffset Deadline)> _held = [];

    /// <summary>Tasks held now.</summary>
    internal int Count => _held.Count;

    /// <summary>The mesh withdrew this task with that version.</summary>
    internal void Withdraw(TaskId task, ulong meshVersion, DateTimeOffset now) =>
        _held[task] = (meshVersion, now + Bound);

    /// <summary>The order to stop this task must wait.</summary>
    internal bool Holds(TaskId task) => _held.ContainsKey(task);

    /// <summary>Tasks that may be stopped now: all sessions are at their version, or their time is up.</summary>
    /// <param name="appliedByAll">The lowest mesh version that all open sessions have acknowledged.</param>
    /// <param name="now">The leader's clock.</param>
    internal IReadOnlyList<TaskId> Release(ulong appliedByAll, DateTimeOffset now)
    {
        if (_held.Count == 0)
        {
            return [];
        }

        var free = _held
            .Where(h => h.Value.MeshVersion <= appliedByAll || h.Value.Deadline <= now)
            .Select(h => h.Key).OrderBy(id => id).ToList();
        foreach (var task in free)
        {
            _held.Remove(task);
        }

        return free;
    }
}
