using System.Net;
using Swarm.Model;
using Swarm.Rpc;
using Swarm.Security;
using Swarm.Worker;

namespace Swarm.Node;

/// <summary>
/// A manager after a start with autolock on: until somebody gives the unlock key it serves nothing, takes part in
/// nothing, and only its certificate says who it is. Its containers go on.
/// </summary>
internal sealed class LockedMember(NodeParts parts, CertificateSubject who)
{
    internal const string Text = "Swarm is encrypted and needs to be unlocked before it can be used. Please use "
        + "\"swarmctl swarm unlock\" to unlock it.";

    private readonly AttemptLimit _attempts = new(TimeProvider.System);

    /// <summary>By the certificate, which nobody has checked yet.</summary>
    internal CertificateSubject Who => who;

    /// <summary>The manager on this disk if it waits for its key; null when it can go on, or never will.</summary>
    /// <param name="parts">Of this daemon.</param>
    /// <param name="before">The one that was found before: it remembers wrong keys.</param>
    /// <param name="error">Why it never will; else empty.</param>
    internal static LockedMember? Find(NodeParts parts, LockedMember? before, out string error)
    {
        var opening = parts.Vault.Open(null);
        error = opening.Error;
        if (opening.Fault == VaultFault.NeedsKey && parts.Paths.Identity.TryReadSubject(out var who))
        {
            error = "";
            parts.Log.Warn(Text);
            return before ?? new LockedMember(parts, who);
        }

        if (error.Length > 0)
        {
            parts.Log.Warn($"this node cannot go on as a manager: {error}");
        }

        return null;
    }

    /// <summary>What is refused while this node is locked.</summary>
    internal static RpcException Refusal() => new(RpcStatusCode.FailedPrecondition, Text);

    /// <summary>Opens the vault, or says why not; nothing changes then.</summary>
    /// <exception cref="RpcException">Not the key, or too many wrong ones.</exception>
    internal void Open(string text)
    {
        if (_attempts.Wait is var wait && wait > TimeSpan.Zero)
        {
            throw new RpcException(
                RpcStatusCode.ResourceExhausted,
                $"swarm could not be unlocked: too many wrong keys; try again in {Math.Ceiling(wait.TotalSeconds)} s");
        }

        if (!UnlockKey.TryParse(text.Trim(), out var key, out var error))
        {
            throw Refused($"invalid key provided: {error}");
        }

        if (parts.Vault.Open(key) is { Fault: not VaultFault.None } opening)
        {
            throw Refused(opening.Error);
        }
    }

    /// <summary>Gives everything back although nothing can be decrypted: containers and network.</summary>
    /// <exception cref="RpcException">Not forced.</exception>
    internal async Task LeaveAsync(bool force, CancellationToken ct)
    {
        if (!force)
        {
            throw new RpcException(
                RpcStatusCode.FailedPrecondition,
                "Swarm is encrypted and locked. Please unlock it first or use `--force` to ignore this message.");
        }

        if (MemberState.Load(parts.Paths.Member) is not { } state)
        {
            return;
        }

        var network = NewNetwork(parts, state);
        await using (network.ConfigureAwait(false))
        {
            await parts.RemoveAllContainersAsync(network, who.NodeId, ct).ConfigureAwait(false);
            await network.RemoveAllAsync(ct).ConfigureAwait(false);
        }
    }

    internal static WorkerNetwork NewNetwork(NodeParts parts, MemberState state) => new(new WorkerNetworkOptions
    {
        NodeAddress = IPAddress.Parse(HostPort.Parse(state.AdvertiseAddress).Host),
        RunDirectory = parts.Options.RunDir,
        DataDirectory = parts.Options.DataDir,
        ProtectedPorts = [(ushort)HostPort.Parse(state.ListenAddress).Port],
        Log = parts.Log.Note,
    });

    private RpcException Refused(string why)
    {
        _attempts.Failed();
        parts.Log.Warn($"an unlock key was refused: {why}");
        return new RpcException(RpcStatusCode.FailedPrecondition, $"swarm could not be unlocked: {why}");
    }
}
