using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Manager.Core;

/// <summary>
/// Which published port leads to which tasks, as a version that grows with every change. Sessions get what changed
/// since the version they were sent last. A task is a backend only while it is Running and wanted.
/// </summary>
internal sealed class MeshModel
{
    private readonly SortedDictionary<ServiceId, MeshService> _services = [];
    private readonly SortedDictionary<ServiceId, ulong> _changedAt = [];

    /// <summary>Grows by one with every change; 1 is the empty mesh of a new leader.</summary>
    internal ulong Version { get; private set; } = 1;

    /// <summary>Looks at services that may have changed; returns the tasks that stopped being backends.</summary>
    internal IReadOnlyList<TaskId> Update(ClusterState state, IEnumerable<ServiceId> candidates)
    {
        var withdrawn = new List<TaskId>();
        var next = Version + 1;
        foreach (var id in candidates)
        {
            var before = _services.GetValueOrDefault(id);
            var after = Build(state, id);
            if (Equals(before, after))
            {
                continue;
            }

            Version = next;
            _changedAt[id] = next;
            Put(id, after);
            withdrawn.AddRange(Gone(before, after));
        }

        return withdrawn;
    }

    /// <summary>What a node needs that was sent version <paramref name="since"/>; 0 = everything. Null if
    /// nothing.</summary>
    internal MeshUpdate? Since(ulong since)
    {
        if (since == Version)
        {
            return null;
        }

        var update = new MeshUpdate { Version = Version, Complete = since == 0 };
        foreach (var (id, changedAt) in _changedAt)
        {
            if (changedAt <= since)
            {
                continue;
            }

            if (_services.TryGetValue(id, out var service))
            {
                update.Services.Add(service);
            }
            else if (since > 0)
            {
                update.RemovedServiceIds.Add(id.Value);
            }
        }

        return update;
    }

    private void Put(ServiceId id, MeshService? service)
    {
        if (service is null)
        {
            _services.Remove(id);
        }
        else
        {
            _services[id] = service;
        }
    }

    private static MeshService? Build(ClusterState state, ServiceId id)
    {
        if (state.Services.Get(id) is not { Removing: false } service)
        {
            return null;
        }

        var ingress = service.Ports.Where(p => p.PublishMode != PortConfig.Types.PublishMode.Host).ToList();
        if (ingress.Count == 0)
        {
            return null;
        }

        var mesh = new MeshService { ServiceId = id.Value };
        mesh.Ports.Add(ingress);
        foreach (var task in state.TasksOf(id).OrderBy(t => t.Slot).ThenBy(t => t.Id))
        {
            if (task.Status.State == TaskState.Running && task.IsWanted
                && task.Status.Address.Length > 0)
            {
                mesh.Backends.Add(new MeshBackend
                {
                    TaskId = task.Id.Value,
                    NodeId = task.NodeId.Value,
                    Address = task.Status.Address,
                });
            }
        }

        return mesh;
    }

    private static IEnumerable<TaskId> Gone(MeshService? before, MeshService? after)
    {
        var still = after is null ? [] : after.Backends.Select(b => b.TaskId).ToHashSet();
        return before is null
            ? []
            : before.Backends.Where(b => !still.Contains(b.TaskId)).Select(b => new TaskId(b.TaskId));
    }
}
