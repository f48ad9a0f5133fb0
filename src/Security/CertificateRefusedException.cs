namespace Swarm.Security;

/// <summary>A certificate, key or signing request breaks a rule; the message says which and may be shown.</summary>
public sealed class CertificateRefusedException : Exception
{
    /// <summary>What is wrong, in one line.</summary>
    public CertificateRefusedException(string message)
        : base(message)
    {
    }

    /// <summary>What is wrong, in one line, and what the library said.</summary>
    public CertificateRefusedException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
