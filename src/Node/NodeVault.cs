using Swarm.Manager;
using Swarm.Model;
using Swarm.Security;

namespace Swarm.Node;

/// <summary>The vault of this node while it is a manager; a worker has none. One caller at a time.</summary>
internal sealed class NodeVault(NodePaths paths) : IDisposable
{
    /// <summary>Null on a worker, and while this node is locked.</summary>
    internal KeyVault? Current { get; private set; }

    /// <summary>New keys for a manager that begins, wrapped as its swarm wants it.</summary>
    internal void Begin(UnlockKey? unlockKey, ulong clusterVersion) =>
        Use(KeyVault.Create(paths.Keys, unlockKey, clusterVersion));

    /// <inheritdoc cref="Begin(UnlockKey?, ulong)"/>
    internal void Begin(ClusterRecord cluster) =>
        Begin(KeyOf(cluster.AutoLock, cluster.UnlockKey.AsSpan()), cluster.Version);

    /// <summary>
    /// As <see cref="Begin(UnlockKey?, ulong)"/>, from the answer to a new manager; a worker gets none.
    /// </summary>
    internal void BeginFor(CertificateRole role, ReadOnlySpan<byte> unlockKey, ulong clusterVersion)
    {
        if (role == CertificateRole.Manager)
        {
            Begin(KeyOf(!unlockKey.IsEmpty, unlockKey), clusterVersion);
        }
    }

    /// <summary>Opens what is on disk; a worker without a vault is fine.</summary>
    internal VaultOpening Open(UnlockKey? unlockKey)
    {
        if (Current is { } open)
        {
            return new VaultOpening(open, VaultFault.None, "");
        }

        var opening = KeyVault.Open(paths.Keys, unlockKey);
        if (opening.Vault is { } vault)
        {
            Use(vault);
        }

        return opening.Fault == VaultFault.Missing && IsPlainWorker() ? new VaultOpening(null, VaultFault.None, "")
            : opening;
    }

    /// <summary>What a member of this role keeps: a manager that became a worker keeps no keys but its own.</summary>
    internal void FitRole(NodeIdentity identity)
    {
        if (identity.Role == CertificateRole.Manager)
        {
            Invariant.Check(Current is not null);
            return;
        }

        if (paths.Identity.SealedWith is not null)
        {
            paths.Identity.Save(identity);
        }

        End();
    }

    /// <summary>The keys are gone: what was written with them can never be read again.</summary>
    internal void End()
    {
        Close();
        File.Delete(paths.Keys);
    }

    /// <summary>The keys are forgotten until somebody opens the vault again.</summary>
    internal void Close()
    {
        Current?.Dispose();
        (Current, paths.Identity.Vault) = (null, null);
    }

    /// <summary>What a manager on this node gets.</summary>
    internal AtRest? For(IdentityKeeper keeper) => Current is null ? null : new AtRest(Current)
    {
        Reseal = keeper.Reseal,
        SealedWith = () => paths.Identity.SealedWith,
        Locked = keeper.RenewSoon,
    };

    public void Dispose() => Close();

    private static UnlockKey? KeyOf(bool isOn, ReadOnlySpan<byte> key) => isOn ? UnlockKey.FromBytes(key) : null;

    private bool IsPlainWorker() => paths.Identity.SealedWith is null
        && paths.Identity.TryReadSubject(out var subject) && subject.Role == CertificateRole.Worker;

    private void Use(KeyVault vault)
    {
        Current?.Dispose();
        Current = vault;
        paths.Identity.Vault = vault;
    }
}
