using Swarm.Raft.Storage;
using Swarm.Security;

namespace Swarm.Manager;

/// <summary>The keys of what this manager has on its disk, and what the node does when they change.</summary>
/// <param name="Vault">Stays the node's; it must be open as long as the manager runs.</param>
public sealed record AtRest(KeyVault Vault)
{
    // Part of the form of what is on disk: never changes.
    private const string LogPurpose = "swarm/raft-log/1";

    /// <summary>Encrypts what else the node has with the newest data key.</summary>
    public Action Reseal { get; init; } = static () => { };

    /// <summary>The data key that this needs until then; null = none.</summary>
    public Func<Guid?> SealedWith { get; init; } = static () => null;

    /// <summary>Autolock was turned on: what lay open before should be replaced.</summary>
    public Action Locked { get; init; } = static () => { };

    /// <summary>Keys of log and snapshots, the newest last.</summary>
    internal IReadOnlyList<DataKey> LogKeys => [.. Vault.KeysFor(LogPurpose).Select(k => new DataKey(k.Id, k.Key))];
}
