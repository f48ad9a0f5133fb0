using Swarm.Protocol.V1;

namespace Swarm.ClusterSim.Orchestration;

/// <summary>What a node's kernel forwards to: the tasks behind published ports.</summary>
internal sealed class MeshTable
{
    private readonly Dictionary<string, HashSet<string>> _services = [];

    public ulong Take(MeshUpdate update)
    {
        if (update.Complete)
            _services.Clear();
        foreach (var service in update.Services)
            _services[service.ServiceId] = [.. service.Backends.Select(b => b.TaskId)];
        foreach (var gone in update.RemovedServiceIds)
            _services.Remove(gone);
        return update.Version;
    }

    public bool LeadsTo(string service, string task) =>
        _services.TryGetValue(service, out var backends) && backends.Contains(task);

    public void Clear() => _services.Clear();
}
