using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Security;

namespace Swarm.Node.Recovery;

/// <summary>What a manager says of the epoch it belongs to.</summary>
internal readonly record struct EpochAnswer(string Manager, ulong Epoch, string ClusterId);

/// <summary>
/// Asks managers which beginning of the swarm they belong to. No certificate is shown, since a newer epoch does not
/// know this node any more; the answerer has to be a manager under the swarm's own root.
/// </summary>
internal static class EpochProbe
{
    private static readonly RpcMethod<GetRootCertificateRequest, GetRootCertificateResponse> Method =
        RpcMethod<GetRootCertificateRequest, GetRootCertificateResponse>.Of(JoinClient.NodeCa, "GetRootCertificate");

    private static readonly RpcMethod<AnnounceEpochRequest, AnnounceEpochResponse> Announcing =
        RpcMethod<AnnounceEpochRequest, AnnounceEpochResponse>.Of(JoinClient.NodeCa, "AnnounceEpoch");

    /// <exception cref="RpcException">It does not answer, or is no manager of this swarm.</exception>
    internal static async Task<EpochAnswer> AskAsync(
        string manager, string rootPem, TimeSpan atMost, CancellationToken ct)
    {
        await using var channel = Open(manager, rootPem);
        var answer = await channel.UnaryAsync(
            Method, new GetRootCertificateRequest(), new CallOptions { Deadline = atMost }, ct).ConfigureAwait(false);
        return new EpochAnswer(manager, answer.Epoch, answer.ClusterId);
    }

    /// <summary>What those say that answer in time.</summary>
    internal static async Task<IReadOnlyList<EpochAnswer>> AnswersAsync(
        IEnumerable<string> managers, string rootPem, TimeSpan atMost, CancellationToken ct) =>
        await AllAsync(managers, m => AskAsync(m, rootPem, atMost, ct), ct).ConfigureAwait(false);

    /// <summary>Tells managers of a newer epoch, and gives what those say that answer in time.</summary>
    internal static async Task<IReadOnlyList<EpochAnswer>> TellAsync(
        IEnumerable<string> managers, EpochAnswer newer, string rootPem, TimeSpan atMost, CancellationToken ct) =>
        await AllAsync(
            managers,
            async manager =>
            {
                await using var channel = Open(manager, rootPem);
                var answer = await channel.UnaryAsync(
                    Announcing, new AnnounceEpochRequest { ManagerAddress = newer.Manager, Epoch = newer.Epoch },
                    new CallOptions { Deadline = atMost }, ct).ConfigureAwait(false);
                return new EpochAnswer(manager, answer.Epoch, answer.ClusterId);
            },
            ct).ConfigureAwait(false);

    /// <summary>
    /// The newest epoch above a given one that any of the managers tells; null when none does in time.
    /// </summary>
    internal static async Task<EpochAnswer?> NewerAsync(
        IEnumerable<string> managers, NodeIdentity self, ulong than, TimeSpan atMost, CancellationToken ct)
    {
        var answers = await AnswersAsync(managers, self.RootPem, atMost, ct).ConfigureAwait(false);
        return answers.Where(a => a.Epoch > than && a.ClusterId == self.ClusterId.Value)
            .OrderByDescending(a => a.Epoch).Cast<EpochAnswer?>().FirstOrDefault();
    }

    private static RpcChannel Open(string manager, string rootPem)
    {
        var address = HostPort.Parse(manager);
        return RpcChannel.ForTcp(
            address.Host, address.Port, () => TlsSettings.ClientPinned(rootPem, PeerChecks.None));
    }

    private static async Task<IReadOnlyList<EpochAnswer>> AllAsync(
        IEnumerable<string> managers, Func<string, Task<EpochAnswer>> ask, CancellationToken ct)
    {
        var answers = await Task.WhenAll(managers.Select(m => TryAsync(m, ask, ct))).ConfigureAwait(false);
        return [.. answers.Where(a => a is not null).Select(a => a!.Value)];
    }

    private static async Task<EpochAnswer?> TryAsync(
        string manager, Func<string, Task<EpochAnswer>> ask, CancellationToken ct)
    {
        try
        {
            return await ask(manager).ConfigureAwait(false);
        }
        catch (Exception e) when (e is RpcException or IOException or OperationCanceledException)
        {
            ct.ThrowIfCancellationRequested();
            return null;
        }
    }
}
