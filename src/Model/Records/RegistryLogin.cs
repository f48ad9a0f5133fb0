using System.Collections.Immutable;
using Swarm.Protocol.V1;

namespace Swarm.Model;

/// <summary>User and password for one registry, which a service carries to the nodes of its tasks.</summary>
/// <param name="Host">As references have it: docker.io, 10.99.0.5:5000.</param>
public sealed record RegistryLogin(string Host, string User, string Password)
{
    /// <summary>Of one service: that of its image, and that of the image before, to which it may go back.</summary>
    public const int MostOfService = 2;

    private const int MaxHostChars = 255;
    private const int MaxChars = 4096;

    /// <summary>From a message.</summary>
    public static RegistryLogin Of(RegistryAccess access) => new(access.Host, access.User, access.Password);

    /// <summary>As a message, for the log and for nodes; never for an answer.</summary>
    public RegistryAccess ToMessage() => new() { Host = Host, User = User, Password = Password };

    /// <summary>What a service has after it was given another one: the newest first, one a host.</summary>
    public static ImmutableArray<RegistryLogin> Add(ImmutableArray<RegistryLogin> had, RegistryLogin? next) =>
        next is null ? had : [next, .. had.Where(l => l.Host != next.Host).Take(MostOfService - 1)];

    /// <summary>What is wrong with one that somebody sent; no message has its password.</summary>
    public static IReadOnlyList<SpecFault> Check(RegistryAccess? access)
    {
        var faults = new FaultCollector().Under("registry");
        if (access is null)
        {
            return faults.All;
        }

        if (access.Host.Length is 0 or > MaxHostChars || access.Host.Any(static c => c is <= ' ' or '/' or > '~'))
        {
            faults.Add("host", access.Host, "is not the host of a registry", "write registry.example:5000");
        }

        if (access.User.Length is 0 or > MaxChars || access.User.Contains(':', StringComparison.Ordinal))
        {
            faults.Add("user", access.User, $"has not 1 to {MaxChars} characters without a colon", "log in again");
        }

        if (access.Password.Length is 0 or > MaxChars)
        {
            faults.Add("password", "", $"has not 1 to {MaxChars} characters", "log in again");
        }

        return faults.All;
    }

    /// <summary>Without the password.</summary>
    public override string ToString() => $"login of {User} at {Host}";
}
