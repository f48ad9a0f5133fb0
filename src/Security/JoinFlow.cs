using System.Diagnostics.CodeAnalysis;

namespace Swarm.Security;

/// <summary>The decisions of a join: the joiner about the cluster, and the cluster about the joiner.</summary>
public static class JoinFlow
{
    /// <summary>
    /// The joiner's: is this root certificate, downloaded from a server that nobody vouches for, the one that
    /// the token pins? Until this says yes, nothing that the server says may be used.
    /// </summary>
    public static bool TryPinRoot(
        JoinToken token, string downloadedPem, [NotNullWhen(true)] out string? rootPem, out string error)
    {
        ArgumentNullException.ThrowIfNull(token);
        ArgumentNullException.ThrowIfNull(downloadedPem);
        rootPem = null;
        if (!RootCertificate.TryParse(downloadedPem, out var root, out error))
        {
            error = $"the manager answered with something else than its root: {error}";
            return false;
        }

        using (root)
        {
            if (!token.MatchesRoot(downloadedPem))
            {
                error = $"the manager's root certificate has the digest {JoinToken.DigestText(downloadedPem)}, the"
                    + $" token wants {token.RootDigest}: the address is not of this token's cluster, the token is"
                    + " older than the cluster's root, or somebody sits on the line";
                return false;
            }

            rootPem = Pem.Write(root);
            return true;
        }
    }

    /// <summary>
    /// The cluster's: which role does a token give? Both secrets are always compared, each in constant time.
    /// </summary>
    public static bool TryAdmit(
        JoinToken token, string rootPem, JoinSecrets secrets, out CertificateRole role, out string error)
    {
        ArgumentNullException.ThrowIfNull(token);
        var isWorker = token.SecretEquals(secrets.Worker);
        var isManager = token.SecretEquals(secrets.Manager);
        role = isManager ? CertificateRole.Manager : CertificateRole.Worker;
        var admitted = token.MatchesRoot(rootPem) & (isWorker ^ isManager);
        error = admitted
            ? ""
            : "the join token is not valid for this cluster (any more): ask a manager for the present one with"
                + " 'swarmctl swarm join-token worker|manager'";
        return admitted;
    }
}
