using System.Security.Cryptography.X509Certificates;

namespace Swarm.Security;

/// <summary>
/// How chains are built: to the cluster's root and nothing else, without any look-up in the network. Without
/// that a stranger's certificate could make a manager fetch from addresses that the stranger chose.
/// </summary>
internal static class Trust
{
    /// <summary>Only that root counts, and the leaf must be for that purpose.</summary>
    public static X509ChainPolicy InRoot(X509Certificate2 root, string purposeOid)
    {
        var policy = Offline();
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.CustomTrustStore.Add(root);
        policy.ApplicationPolicy.Add(new(purposeOid));
        return policy;
    }

    /// <summary>Trusts nothing and looks up nothing: for the one call that does not believe its server.</summary>
    public static X509ChainPolicy Offline() => new()
    {
        RevocationMode = X509RevocationMode.NoCheck,
        DisableCertificateDownloads = true,
        VerificationFlags = X509VerificationFlags.NoFlag,
    };

    /// <summary>Empty when the leaf leads to the root at that time, else why not.</summary>
    public static string ChainFault(X509Certificate2 leaf, X509Certificate2 root, string purpose, DateTimeOffset now)
    {
        using var chain = new X509Chain { ChainPolicy = InRoot(root, purpose) };
        chain.ChainPolicy.VerificationTimeIgnored = false;
        chain.ChainPolicy.VerificationTime = now.UtcDateTime;
        return chain.Build(leaf) ? "" : Describe(chain);
    }

    /// <summary>The chain's faults in words that help to find the cause.</summary>
    public static string Describe(X509Chain? chain)
    {
        var faults = chain is null
            ? []
            : chain.ChainStatus.Select(s => s.Status.ToString()).Distinct(StringComparer.Ordinal).ToArray();
        return faults.Length == 0
            ? "the certificate does not lead to the cluster's root"
            : $"the certificate does not lead to the cluster's root ({string.Join(", ", faults)})";
    }
}
