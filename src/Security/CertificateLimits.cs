namespace Swarm.Security;

/// <summary>Lifetimes and sizes of everything in the public key infrastructure (behaviour.md P).</summary>
public static class CertificateLimits
{
    /// <summary>Years that a root certificate is valid.</summary>
    public const int RootLifetimeYears = 20;

    /// <summary>
    /// Hours by which a root certificate is backdated: more than a node certificate, so that a manager whose
    /// clock is late can issue certificates that do not begin before their root.
    /// </summary>
    public const int RootBackdateHours = 24;

    /// <summary>Hours by which a node certificate is backdated, for nodes whose clock is late.</summary>
    public const int NodeBackdateHours = 1;

    /// <summary>Days that a node certificate is valid unless the cluster's settings say otherwise.</summary>
    public const int DefaultNodeLifetimeDays = 90;

    /// <summary>Hours below which no node certificate is issued: renewal needs time for retries.</summary>
    public const int MinNodeLifetimeHours = 1;

    /// <summary>Bytes of a certificate signing request; a real one has about 230.</summary>
    public const int MaxSigningRequestBytes = 4096;

    /// <summary>Bytes of a node certificate in DER; a real one has about 700.</summary>
    public const int MaxCertificateBytes = 4096;

    /// <summary>Characters of a certificate or key in PEM.</summary>
    public const int MaxPemChars = 16 * 1024;

    /// <summary>Fewest and most bytes of a serial number; RFC 5280 (4.1.2.2) allows at most 20.</summary>
    public const int MinSerialBytes = 8;

    /// <inheritdoc cref="MinSerialBytes"/>
    public const int MaxSerialBytes = 20;

    /// <summary>Share of a certificate's life after which the first node of a cluster may renew it.</summary>
    public const double RenewFromShare = 0.5;

    /// <summary>Share of a certificate's life at which the last node renews it.</summary>
    public const double RenewUntilShare = 0.8;
}
