namespace Swarm.Security;

/// <summary>What a certificate lets its node do; stands in the OU. A manager is a worker as well.</summary>
public enum CertificateRole
{
    /// <summary>Opens sessions and reports on its own tasks.</summary>
    Worker,

    /// <summary>Takes part in Raft and serves the manager's methods.</summary>
    Manager,
}

/// <summary>The words that stand in certificates for the roles.</summary>
internal static class RoleNames
{
    public const string Worker = "swarm-worker";
    public const string Manager = "swarm-manager";

    public static string Of(CertificateRole role) => role switch
    {
        CertificateRole.Worker => Worker,
        CertificateRole.Manager => Manager,
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, "a certificate is for a worker or a manager"),
    };

    public static bool TryParse(string text, out CertificateRole role)
    {
        role = text == Manager ? CertificateRole.Manager : CertificateRole.Worker;
        return text is Worker or Manager;
    }
}
