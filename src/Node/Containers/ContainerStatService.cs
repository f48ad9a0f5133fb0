using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Runtime.Containers;

namespace Swarm.Node.Containers;

/// <summary>What this node's containers use, and their processes.</summary>
internal sealed class ContainerStatService(ContainerRuntime containers, ContainerFinder finder, ContainerViews views)
{
    internal void Register(RpcService service)
    {
        service.Unary<TopContainerRequest, TopContainerResponse>(
            "TopContainer", (r, _) => ContainerService.Answer(() => Task.FromResult(Top(r))));
        service.Unary<StatContainersRequest, StatContainersResponse>(
            "StatContainers", (r, _) => ContainerService.Answer(() => Task.FromResult(Stat(r))));
    }

    private TopContainerResponse Top(TopContainerRequest request)
    {
        var state = finder.Find(request.Container);
        if (state.Phase != ContainerPhase.Running)
        {
            throw new ContainerException($"container {request.Container} is not running");
        }

        var boot = HostProcesses.BootTime();
        var now = DateTimeOffset.UtcNow;
        var response = new TopContainerResponse();
        response.Processes.Add(containers.ProcessesOf(state.Id)
            .Select(pid => HostProcesses.TryRead(pid, boot, now)).OfType<ProcessView>());
        return response;
    }

    private StatContainersResponse Stat(StatContainersRequest request)
    {
        var wanted = request.Containers.Count > 0
            ? request.Containers.Select(finder.Find)
            : containers.List().Where(c => c.Phase == ContainerPhase.Running);
        var response = new StatContainersResponse
        {
            HostMemoryBytes = (ulong)GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
        };
        response.Stats.Add(wanted.Select(Stats));
        return response;
    }

    /// <summary>One that does not run uses nothing.</summary>
    private ContainerStats Stats(ContainerState state)
    {
        var stats = new ContainerStats { Id = state.Id, Name = views.NameOf(state.Id) };
        if (containers.UsageOf(state.Id) is not { } usage)
        {
            return stats;
        }

        stats.AtNs = ContainerViews.Ns(usage.At);
        stats.CpuNs = usage.CpuNanoseconds;
        stats.MemoryBytes = usage.MemoryBytes;
        stats.MemoryLimitBytes = usage.MemoryLimitBytes;
        stats.Pids = usage.Pids;
        stats.ReadBytes = usage.ReadBytes;
        stats.WrittenBytes = usage.WrittenBytes;
        stats.ReceivedBytes = usage.ReceivedBytes;
        stats.SentBytes = usage.SentBytes;
        return stats;
    }
}
