namespace Swarm.Security;

/// <summary>Why a vault did not open.</summary>
public enum VaultFault
{
    /// <summary>It did open.</summary>
    None,

    /// <summary>There is no file.</summary>
    Missing,

    /// <summary>Autolock is on, and no key was given.</summary>
    NeedsKey,

    /// <summary>The key that was given is not the one.</summary>
    WrongKey,

    /// <summary>The file is damaged, can be read by others, or is of a newer version.</summary>
    Unusable,
}

/// <summary>An open vault, or why there is none.</summary>
/// <param name="Vault">Null unless <paramref name="Fault"/> is none.</param>
/// <param name="Fault">The reason.</param>
/// <param name="Error">One line: what is wrong and what to do.</param>
public sealed record VaultOpening(KeyVault? Vault, VaultFault Fault, string Error);
