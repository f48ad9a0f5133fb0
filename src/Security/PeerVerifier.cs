using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Swarm.Model;

namespace Swarm.Security;

/// <summary>
/// The last word in a handshake. SslStream has built the chain by <see cref="Trust"/>'s policy before; the name
/// that it compares with the URI is not asked for, because role, cluster and node id say more.
/// </summary>
internal sealed class PeerVerifier
{
    private readonly PeerChecks checks;

    public PeerVerifier(PeerChecks checks) => this.checks = checks;

    /// <summary>Client or server authentication: what the peer claims to be able to do.</summary>
    public required string PurposeOid { get; init; }

    /// <summary>Null for a joiner, who knows the root but not yet the cluster's id.</summary>
    public ClusterId? Cluster { get; init; }

    /// <summary>Null on servers: there the methods decide who may call them.</summary>
    public PeerExpectation? Expected { get; init; }

    /// <summary>A joiner has no certificate yet.</summary>
    public bool MayBeAnonymous { get; init; }

    public bool Verify(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is null && MayBeAnonymous)
        {
            return true;
        }

        var fault = Fault(certificate as X509Certificate2, chain, errors);
        if (fault.Length > 0)
        {
            checks.OnRefused(fault);
        }

        return fault.Length == 0;
    }

    private string Fault(X509Certificate2? leaf, X509Chain? chain, SslPolicyErrors errors)
    {
        if (leaf is null)
        {
            return "the peer has no certificate";
        }

        if ((errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) != SslPolicyErrors.None)
        {
            return Trust.Describe(chain);
        }

        return LeafRules.TryCheck(leaf, PurposeOid, out var subject, out var error) ? Fault(subject) : error;
    }

    private string Fault(CertificateSubject peer)
    {
        if (Cluster is { } cluster && peer.ClusterId != cluster)
        {
            return $"node {peer.NodeId} is of cluster {peer.ClusterId}, not of {cluster}";
        }

        if (Expected is { } expected && peer.Role != expected.Role)
        {
            return $"node {peer.NodeId} is a {RoleNames.Of(peer.Role)}, not a {RoleNames.Of(expected.Role)}";
        }

        if (Expected?.NodeId is { } node && peer.NodeId != node)
        {
            return $"node {peer.NodeId} answers where node {node} should be";
        }

        return checks.IsRevoked(peer.NodeId) ? $"node {peer.NodeId} was removed from the cluster" : "";
    }
}
