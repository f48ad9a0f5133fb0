using System.Collections.Immutable;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Store;

/// <summary>The index over the tasks of one node while an entry is applied.</summary>
internal sealed class NodeIndexDraft(NodeTasks before, uint hash, object owner)
{
    private long _nanoCpus = before.Usage.NanoCpus;
    private long _memoryBytes = before.Usage.MemoryBytes;
    private int _active = before.Usage.ActiveTasks;
    private ImmutableHashSet<PortKey> _hostPorts = before.Usage.HostPorts;
    private GenericHoldings _generic = before.Usage.Generic;

    /// <summary>Of the node's id.</summary>
    internal uint Hash => hash;

    internal NodeTaskIds Ids { get; } = new(before, owner);

    internal void Count(TaskRecord? task, int sign, Resources? reservations)
    {
        if (task is null || task.NodeId.IsNone || task.Status.State.IsTerminal())
        {
            return;
        }

        _active += task.IsLive ? sign : 0;
        if (task.Status.State < TaskState.Assigned)
        {
            return;
        }

        _nanoCpus += sign * (reservations?.NanoCpus ?? 0);
        _memoryBytes += sign * (reservations?.MemoryBytes ?? 0);
        foreach (var held in task.Generic)
        {
            _generic = sign > 0 ? _generic.With(held) : _generic.Without(held);
        }

        foreach (var port in task.HostPorts)
        {
            _hostPorts = sign > 0 ? _hostPorts.Add(PortKey.Of(port)) : _hostPorts.Remove(PortKey.Of(port));
        }
    }

    /// <summary>What the scheduler never does, a log may say: two tasks of one node with the same port. It is
    /// taken until the second has ended as well, however the index was made.</summary>
    internal void KeepPorts(TaskRecord? was, PersistentDictionary<TaskId, TaskRecord>.Builder tasks)
    {
        if (was is null || was.HostPorts.IsEmpty)
        {
            return;
        }

        foreach (var id in Ids.With(Usage()).Ids)
        {
            if (tasks.Get(id) is { HostPorts.IsEmpty: false, Status.State: >= TaskState.Assigned } task
                && !task.Status.State.IsTerminal())
            {
                _hostPorts = _hostPorts.Union(task.HostPorts.Select(PortKey.Of));
            }
        }
    }

    internal NodeUsage Usage() => new(_nanoCpus, _memoryBytes, _active, _hostPorts) { Generic = _generic };
}
