using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Runtime.Containers;
using Swarm.Security;

namespace Swarm.Node;

/// <summary>What a person asks of this node alone.</summary>
internal sealed class LocalNodeService(NodeParts parts, Membership membership)
{
    internal RpcService Build()
    {
        var service = new RpcService(NodeReflection.Descriptor.Services[0]);
        service.Unary<InitSwarmRequest, InitSwarmResponse>(
            "InitSwarm", (r, call) => membership.InitAsync(r, call.Cancellation));
        service.Unary<JoinSwarmRequest, JoinSwarmResponse>(
            "JoinSwarm", (r, call) => membership.JoinAsync(r, call.Cancellation));
        service.Unary<LeaveSwarmRequest, LeaveSwarmResponse>(
            "LeaveSwarm", (r, call) => membership.LeaveAsync(r, call.Cancellation));
        service.Unary<GetInfoRequest, GetInfoResponse>("GetInfo", (_, _) => Task.FromResult(Info()));
        return service;
    }

    private GetInfoResponse Info()
    {
        var containers = parts.Containers.List();
        var info = new GetInfoResponse
        {
            Version = DaemonProgram.Version,
            Description = parts.Description,
            SwarmState = "inactive",
            SwarmError = membership.Error,
            ContainersRunning = (ulong)containers.Count(c => c.Phase == ContainerPhase.Running),
            ContainersStopped = (ulong)containers.Count(c => c.Phase != ContainerPhase.Running),
            Images = (ulong)parts.Images.Count,
            DataDir = parts.Options.DataDir,
            KernelVersion = Environment.OSVersion.Version.ToString(),
            OperatingSystem = NodeDescriber.OperatingSystem(),
            CgroupMode = parts.Containers.Info.CgroupMode.ToString().ToLowerInvariant(),
        };
        info.InsecureRegistries.Add(parts.Options.InsecureRegistries);
        if (membership.Error.Length > 0)
        {
            info.SwarmState = "error";
        }

        if (membership.Member is { } member)
        {
            Swarm(info, member);
        }

        return info;
    }

    private static void Swarm(GetInfoResponse info, SwarmMember member)
    {
        info.SwarmState = member.Refusal.Length > 0 ? "error" : member.IsConnected ? "active" : "pending";
        info.SwarmError = member.Refusal;
        info.NodeId = member.Identity.NodeId.Value;
        info.ClusterId = member.Identity.ClusterId.Value;
        info.Role = member.Identity.Role == CertificateRole.Manager ? NodeRole.Manager : NodeRole.Worker;
        info.NodeAddress = member.Advertise.Host;
        info.ManagerAddresses.Add(member.ManagerAddresses);
        if (member.Manager is not { } manager)
        {
            return;
        }

        var raft = manager.RaftStatus;
        info.Nodes = (ulong)manager.State.Nodes.Count;
        info.Managers = (ulong)raft.Members.Count(m => !m.Learner);
        info.Raft = new RaftInfo
        {
            RaftId = raft.Id.Value,
            Term = raft.Term,
            Role = raft.Role.ToString().ToLowerInvariant(),
            LeaderRaftId = raft.LeaderId?.Value ?? 0,
            CommitIndex = raft.CommitIndex,
            AppliedIndex = raft.AppliedIndex,
        };
        info.Raft.Members.Add(raft.Members.Select(m => new RaftMemberInfo
        {
            RaftId = m.Id.Value, NodeId = m.NodeId, Address = m.Address, Learner = m.Learner,
                Reachable = m.RecentActive,
        }));
        Warn(info, (int)info.Managers);
    }

    private static void Warn(GetInfoResponse info, int managers)
    {
        if (managers % 2 == 0)
        {
            info.Warnings.Add(
                $"{managers} managers tolerate no more failures than {managers - 1} would: use an odd number (3, 5 "
                    + $"or 7)");
        }

        if (managers > 7)
        {
            info.Warnings.Add($"{managers} managers make every change slower: more than 7 are not useful");
        }
    }
}
