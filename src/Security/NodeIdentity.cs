using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography.X509Certificates;
using Swarm.Model;

namespace Swarm.Security;

/// <summary>
/// Who this node is: certificate with key, and the root that it trusts. An object of this type has been checked
/// as a whole. Keep it as long as connections use it.
/// </summary>
public sealed class NodeIdentity : IDisposable
{
    private readonly CertificateSubject subject;

    private NodeIdentity(X509Certificate2 certificate, X509Certificate2 root, CertificateSubject subject)
    {
        Certificate = certificate;
        Root = root;
        RootPem = Pem.Write(root);
        this.subject = subject;
    }

    /// <summary>Given by the certificate authority.</summary>
    public NodeId NodeId => subject.NodeId;

    /// <summary>What other nodes let this one do.</summary>
    public CertificateRole Role => subject.Role;

    /// <summary>The cluster of this node.</summary>
    public ClusterId ClusterId => subject.ClusterId;

    /// <summary>The certificate with its private key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>The cluster's root certificate.</summary>
    public string RootPem { get; }

    /// <summary>Beginning of the certificate's validity, an hour before it was issued.</summary>
    public DateTimeOffset NotBefore => new(Certificate.NotBefore.ToUniversalTime());

    /// <summary>From then on all other nodes refuse this certificate.</summary>
    public DateTimeOffset NotAfter => new(Certificate.NotAfter.ToUniversalTime());

    internal X509Certificate2 Root { get; }

    /// <summary>
    /// Puts together and checks what a node got: the key is that of the certificate, which leads to the root, is
    /// valid at <paramref name="now"/>, for both sides of a connection, and says who the node is.
    /// </summary>
    /// <param name="key">Stays the caller's.</param>
    /// <param name="certificatePem">One certificate.</param>
    /// <param name="rootPem">One root certificate that the node has reason to trust.</param>
    /// <param name="now">The node's clock.</param>
    /// <param name="identity">The result.</param>
    /// <param name="error">One line: what is wrong and what to do.</param>
    public static bool TryCreate(
        NodeKey key,
        string certificatePem,
        string rootPem,
        DateTimeOffset now,
        [NotNullWhen(true)] out NodeIdentity? identity,
        out string error)
    {
        ArgumentNullException.ThrowIfNull(key);
        identity = null;
        if (!Pem.TryReadCertificate(certificatePem, out var certificate))
        {
            error = "the node's certificate is not exactly one certificate in PEM";
            return false;
        }

        using (certificate)
        {
            if (!RootCertificate.TryParse(rootPem, out var root, out error))
            {
                return false;
            }

            error = Fault(key, certificate, root, now, out var subject);
            if (error.Length > 0)
            {
                root.Dispose();
                return false;
            }

            identity = new NodeIdentity(key.Attach(certificate), root, subject);
            return true;
        }
    }

    /// <summary>
    /// When to ask for the next certificate: a random point between 50 and 80 % of the life of this one, counted
    /// from its issue, so that the nodes of a cluster do not all come at once.
    /// </summary>
    /// <param name="random">From 0 to 1.</param>
    public DateTimeOffset RenewAt(double random)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(random, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(random, 1);
        var issued = NotBefore.AddHours(CertificateLimits.NodeBackdateHours);
        var share = CertificateLimits.RenewFromShare
            + (random * (CertificateLimits.RenewUntilShare - CertificateLimits.RenewFromShare));
        return issued + ((NotAfter - issued) * share);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Certificate.Dispose();
        Root.Dispose();
    }

    /// <summary>Without the key.</summary>
    public override string ToString() => $"{RoleNames.Of(Role)} {NodeId} of cluster {ClusterId} until {NotAfter:u}";

    private static string Fault(
        NodeKey key,
        X509Certificate2 certificate,
        X509Certificate2 root,
        DateTimeOffset now,
        out CertificateSubject who)
    {
        who = default;
        if (!key.Fits(certificate))
        {
            return "the node's key does not belong to its certificate";
        }

        if (TimeFault(certificate, now) is { Length: > 0 } late)
        {
            return late;
        }

        var chain = Trust.ChainFault(certificate, root, CertificateForms.ClientAuthOid, now);
        if (chain.Length > 0 || !LeafRules.TryCheck(certificate, CertificateForms.ClientAuthOid, out who, out chain))
        {
            return chain;
        }

        return LeafRules.TryCheck(certificate, CertificateForms.ServerAuthOid, out who, out var error) ? "" : error;
    }

    private static string TimeFault(X509Certificate2 certificate, DateTimeOffset now)
    {
        var from = new DateTimeOffset(certificate.NotBefore.ToUniversalTime());
        var until = new DateTimeOffset(certificate.NotAfter.ToUniversalTime());
        if (now < from)
        {
            return $"the node's certificate is not valid before {from:u}, and this host's clock says {now:u}:"
                + " set the clock";
        }

        return now <= until
            ? ""
            : $"the node's certificate expired at {until:u}, and this host's clock says {now:u}: set the clock if it"
                + " is wrong; else 'swarmctl swarm leave --force' and join again with a token";
    }
}
