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

    /// <exception cref="RpcException">It does not answer, or is no manager of this swarm.</exception>
    internal static async Task<EpochAnswer> AskAsync(
        string manager, string rootPem, TimeSpan atMost, CancellationToken ct)
    {
        var address = HostPort.Parse(manager);
        await using var channel = RpcChannel.ForTcp(
            address.Host, address.Port, () => TlsSettings.ClientPinned(rootPem, PeerChecks.None));
        var answer = await channel.UnaryAsync(
            Method, new GetRootCertificateRequest(), new CallOptions { Deadline = atMost }, ct).ConfigureAwait(false);
        return new EpochAnswer(manager, answer.Epoch, answer.ClusterId);
    }

    /// <summary>
    /// The newest epoch above a given one that any of the managers tells; null when none does in time.
    /// </summary>
    internal static async Task<EpochAnswer?> NewerAsync(
        IEnumerable<string> managers, NodeIdentity self, ulong than, TimeSpan atMost, CancellationToken ct)
    {
        var answers = await Task.WhenAll(managers.Select(m => TryAskAsync(m, self.RootPem, atMost, ct)))
            .ConfigureAwait(false);
        return answers.Where(a => a is { } answer && answer.Epoch > than && answer.ClusterId == self.ClusterId.Value)
            .OrderByDescending(a => a!.Value.Epoch).FirstOrDefault();
    }

    private static async Task<EpochAnswer?> TryAskAsync(
        string manager, string rootPem, TimeSpan atMost, CancellationToken ct)
    {
        try
        {
            return await AskAsync(manager, rootPem, atMost, ct).ConfigureAwait(false);
        }
        catch (Exception e) when (e is RpcException or IOException or OperationCanceledException)
        {
            ct.ThrowIfCancellationRequested();
            return null;
        }
    }
}
