using System.Security.Cryptography;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Security;

namespace Swarm.Node;

/// <summary>What the first manager of a swarm makes: cluster, identity, name in Raft.</summary>
internal static class NewSwarm
{
    internal static MemberState State(HostPort advertise, string listen, bool isManager) => new()
    {
        AdvertiseAddress = advertise.ToString(),
        ListenAddress = NodeAddresses.Listen(listen, advertise).ToString(),
        RaftId = isManager ? RaftId() : 0,
    };

    /// <summary>Random and never 0: a manager that comes back with an empty disk is another one (raft-pitfalls
    /// R25).</summary>
    internal static ulong RaftId() =>
        BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))) | 1;

    internal static ClusterRecord Cluster(ClusterSpec spec, bool autoLock)
    {
        if (ClusterSpecValidator.Check(spec) is [var fault, ..])
        {
            throw new RpcException(RpcStatusCode.InvalidArgument, fault.ToString());
        }

        var now = DateTimeOffset.UtcNow;
        using var root = RootCa.Create(
            RootCa.CommonNamePrefix + NewIds.Next(),
            now,
            RandomNumberGenerator.GetBytes(CertificateLimits.MaxSerialBytes));
        return new ClusterRecord
        {
            Id = new ClusterId(NewIds.Next()),
            CreatedAt = now,
            Spec = spec,
            RootCertificatePem = root.CertificatePem,
            RootKeyPem = root.ExportKeyPem(),
            WorkerTokenSecret = [.. RandomNumberGenerator.GetBytes(JoinToken.SecretBytes)],
            ManagerTokenSecret = [.. RandomNumberGenerator.GetBytes(JoinToken.SecretBytes)],
            AutoLock = autoLock,
            UnlockKey = autoLock ? [.. UnlockKey.Create().ToBytes()] : [],
        };
    }

    /// <summary>A manager of its own, under the authority of a cluster.</summary>
    internal static NodeIdentity Identity(ClusterRecord cluster)
    {
        using var root = RootCa.FromPem(cluster.RootCertificatePem, cluster.RootKeyPem);
        using var key = NodeKey.Create();
        var lifetime = cluster.Spec.HasNodeCertificateExpiryNs
            ? SpecDefaults.FromNs(cluster.Spec.NodeCertificateExpiryNs)
            : TimeSpan.FromDays(CertificateLimits.DefaultNodeLifetimeDays);
        var pem = root.IssueNodeCertificate(
            key.CreateSigningRequest(),
            new CertificateSubject(new NodeId(NewIds.Next()), CertificateRole.Manager, cluster.Id),
            DateTimeOffset.UtcNow, lifetime, RandomNumberGenerator.GetBytes(CertificateLimits.MaxSerialBytes));
        return NodeIdentity.TryCreate(
            key, pem, cluster.RootCertificatePem, DateTimeOffset.UtcNow, out var identity, out var error)
            ? identity
            : throw new InvalidOperationException(error);
    }
}
