using Swarm.Model;
using Swarm.Node.Containers;
using Swarm.Node.Images;
using Swarm.Node.Recovery;
using Swarm.Node.Volumes;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Runtime.Containers;
using Swarm.Security;

namespace Swarm.Node;

/// <summary>What a person asks of this node alone.</summary>
internal sealed class LocalNodeService(NodeParts parts, Membership membership)
{
    /// <summary>For what only the leader knows; without an answer the rest is told.</summary>
    private static readonly TimeSpan LeaderAnswer = TimeSpan.FromMilliseconds(500);

    internal RpcService Build()
    {
        var service = new RpcService(NodeReflection.Descriptor.Services[0]);
        service.Unary<InitSwarmRequest, InitSwarmResponse>(
            "InitSwarm", (r, call) => membership.InitAsync(r, call.Cancellation));
        service.Unary<JoinSwarmRequest, JoinSwarmResponse>(
            "JoinSwarm", (r, call) => membership.JoinAsync(r, call.Cancellation));
        service.Unary<LeaveSwarmRequest, LeaveSwarmResponse>(
            "LeaveSwarm", (r, call) => membership.LeaveAsync(r, call.Cancellation));
        service.Unary<GetInfoRequest, GetInfoResponse>("GetInfo", (_, call) => InfoAsync(call.Cancellation));
        new UnlockService(parts, membership).Register(service);
        new BackupService(membership).Register(service);
        new RestoreService(parts, membership).Register(service);
        new ForceService(parts, membership).Register(service);
        new RejoinService(membership).Register(service);
        new ImageService(parts.Images).Register(service);
        new ImageFileService(parts.Images).Register(service);
        var views = new ContainerViews(parts.Containers, parts.Paths.Tasks);
        parts.Volumes.NameOf = views.NameOf;
        var oneOffs = parts.NewOneOffs(() => membership.Member?.Network);
        oneOffs.Adopt();
        new ContainerService(parts.Containers, oneOffs, views).Register(service);
        new VolumeService(parts.Volumes).Register(service);
        new RegistryService(parts.Images, parts.Credentials).Register(service);
        return service;
    }

    private async Task<GetInfoResponse> InfoAsync(CancellationToken ct)
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
        if (parts.Images.Alarm is { Length: > 0 } alarm)
        {
            info.Warnings.Add(alarm);
        }

        if (membership.Error.Length > 0)
        {
            info.SwarmState = "error";
        }

        if (membership.Locked is { } locked)
        {
            info.SwarmState = "locked";
            info.NodeId = locked.Who.NodeId.Value;
            info.ClusterId = locked.Who.ClusterId.Value;
            info.AutoLock = true;
        }

        if (membership.Member is { } member)
        {
            await SwarmAsync(info, member, ct).ConfigureAwait(false);
        }

        return info;
    }

    private async Task SwarmAsync(GetInfoResponse info, SwarmMember member, CancellationToken ct)
    {
        info.SwarmState = member.Refusal.Length > 0 ? "error" : member.IsConnected ? "active" : "pending";
        info.SwarmError = member.Refusal;
        info.NodeId = member.Identity.NodeId.Value;
        info.ClusterId = member.Identity.ClusterId.Value;
        info.Role = member.Identity.Role == CertificateRole.Manager ? NodeRole.Manager : NodeRole.Worker;
        info.NodeAddress = member.Advertise.Host;
        info.Epoch = parts.Epoch.Current;
        info.ManagerAddresses.Add(member.ManagerAddresses);
        if (member.RoleProblem.Length > 0 && info.SwarmError.Length == 0)
        {
            (info.SwarmState, info.SwarmError) = ("pending", member.RoleProblem);
        }

        if (member.Manager is not { } manager)
        {
            return;
        }

        info.AutoLock = parts.Vault.Current is { IsLocked: true };
        var raft = await manager.DescribeAsync(LeaderAnswer, ct).ConfigureAwait(false);
        info.Observing = manager.State.Cluster is { Observe: true };
        info.Nodes = (ulong)manager.State.Nodes.Count;
        info.Managers = (ulong)raft.Members.Count(m => !m.Learner);
        info.Raft = raft;
        Warn(info, (int)info.Managers);
    }

    private static void WarnOfRaft(GetInfoResponse info)
    {
        if (info.Raft.DiskFull)
        {
            info.Warnings.Add(
                "the disk of this manager is almost full: its log takes no changes until there is space again");
        }

        if (info.Raft.Removed)
        {
            info.Warnings.Add("the other managers have taken this one out: it takes part in nothing");
        }

        if (info.Raft.Stalled)
        {
            info.Warnings.Add("this manager hangs, in its disk or in the state: it cannot lead");
        }

        if (info.Raft.DisputedIndex > 0)
        {
            info.Warnings.Add(
                $"managers have different states at index {info.Raft.DisputedIndex} and no majority agrees: data may "
                + "be damaged, compare backups");
        }
    }

    private static void Warn(GetInfoResponse info, int managers)
    {
        WarnOfRaft(info);
        if (info.Observing)
        {
            info.Warnings.Add(
                "this swarm was restored and observes: nothing is started, stopped or placed until "
                + "'swarmctl swarm resume'");
        }

        if (managers > 0 && managers % 2 == 0)
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
