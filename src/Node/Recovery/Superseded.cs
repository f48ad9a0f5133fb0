using System.Text;
using Swarm.Rpc;
using Swarm.Security;
using Swarm.Worker;

namespace Swarm.Node.Recovery;

/// <summary>
/// The swarm began anew without this manager. It keeps its containers and does nothing else until it leaves; the note
/// on disk makes that survive a restart.
/// </summary>
internal static class Superseded
{
    internal static string Text(ulong own, EpochAnswer newer) =>
        $"this manager belongs to epoch {own} of the swarm, which began anew as epoch {newer.Epoch} "
        + $"(manager {newer.Manager}): it takes part no more. Run 'swarmctl swarm leave --force' here, then join again "
        + "with a token of the new epoch";

    /// <exception cref="RpcException">That manager was left behind: the swarm began anew without it.</exception>
    internal static void RefuseOlder(string manager, ulong epoch, ulong seen)
    {
        if (epoch < seen)
        {
            throw new RpcException(
                RpcStatusCode.FailedPrecondition,
                $"{manager} is a manager of epoch {epoch} of the swarm, and this node has seen epoch {seen}: it is not "
                + "followed");
        }
    }

    internal static void Note(NodePaths paths, string text) =>
        DurableFile.Write(paths.Superseded, Encoding.UTF8.GetBytes(text));

    /// <summary>At the start of a member: the note, or what the other managers say. Empty when it is not.</summary>
    internal static async Task<string> FindAsync(
        NodeParts parts, MemberState state, NodeIdentity identity, CancellationToken ct)
    {
        var text = Read(parts.Paths);
        if (text.Length > 0 || identity.Role != CertificateRole.Manager)
        {
            return text;
        }

        var others = new ManagerDirectory(parts.Paths.Managers).Addresses.Where(a => a != state.AdvertiseAddress);
        var own = parts.Epoch.Current;
        if (await EpochWatch.BeforeStartAsync(others, identity, own, ct).ConfigureAwait(false) is { } newer)
        {
            text = Text(own, newer);
            Note(parts.Paths, text);
        }

        return text;
    }

    /// <summary>Empty when it is not.</summary>
    internal static string Read(NodePaths paths) =>
        File.Exists(paths.Superseded) ? File.ReadAllText(paths.Superseded) : "";
}
