using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Security;

namespace Swarm.Node;

/// <summary>
/// This node's identity now: TLS settings are made from it for each connection, and it is renewed in good time.
/// </summary>
internal sealed class IdentityKeeper : IAsyncDisposable
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(10);

    private readonly NodeIdentityStore _store;
    private readonly NodeLog _log;
    private readonly PeerChecks _checks;
    private readonly CancellationTokenSource _stop = new();
    private volatile NodeIdentity _current;
    private Task _renewing = Task.CompletedTask;

    internal IdentityKeeper(NodeIdentity identity, NodeIdentityStore store, NodeLog log, Func<NodeId, bool> isRevoked)
    {
        _current = identity;
        _store = store;
        _log = log;
        _checks = new PeerChecks { IsRevoked = isRevoked, OnRefused = reason => log.Warn($"peer refused: {reason}") };
    }

    internal NodeIdentity Current => _current;

    internal SslServerAuthenticationOptions ServerTls() => TlsSettings.Server(_current, _checks);

    internal SslClientAuthenticationOptions ClientTls() =>
        TlsSettings.Client(_current, PeerExpectation.AnyManager, _checks);

    /// <summary>Who a TCP caller is; TLS has checked the certificate already.</summary>
    internal static PeerIdentity? Identify(X509Certificate2? certificate, string remoteAddress)
    {
        if (certificate is null)
        {
            return new PeerIdentity(CallerRole.Anyone, "", "", remoteAddress);
        }

        return CertificateSubject.TryParse(certificate, out var subject)
            ? new PeerIdentity(
                subject.Role == CertificateRole.Manager ? CallerRole.Manager : CallerRole.Worker,
                subject.NodeId.Value, subject.ClusterId.Value, remoteAddress)
            : null;
    }

    /// <summary>Asks one of the managers for the next certificate when its time has come, again and again.</summary>
    internal void StartRenewing(Func<string?> manager) => _renewing = Task.Run(() => RenewAsync(manager));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _renewing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task RenewAsync(Func<string?> manager)
    {
        var retry = FirstRetry;
        var at = _current.RenewAt(RandomNumberGenerator.GetInt32(1_000_000) / 1_000_000d);
        while (true)
        {
            var wait = at - DateTimeOffset.UtcNow;
            await Task.Delay(Bounded(wait), _stop.Token).ConfigureAwait(false);
            if (DateTimeOffset.UtcNow < at)
            {
                continue;
            }

            try
            {
                await RenewOnceAsync(manager() ?? throw new RpcException(
                    RpcStatusCode.Unavailable, "no manager is known")).ConfigureAwait(false);
                at = _current.RenewAt(RandomNumberGenerator.GetInt32(1_000_000) / 1_000_000d);
                retry = FirstRetry;
            }
            catch (Exception e) when (e is RpcException or IOException)
            {
                _log.NotRenewed(e.Message);
                at = DateTimeOffset.UtcNow + retry;
                retry = retry * 2 < LongestRetry ? retry * 2 : LongestRetry;
            }
        }
    }

    private async Task RenewOnceAsync(string manager)
    {
        var address = HostPort.Parse(manager);
        using var key = NodeKey.Create();
        await using var channel = RpcChannel.ForTcp(address.Host, address.Port, ClientTls);
        var answer = await channel.UnaryAsync(
            RpcMethod<RenewCertificateRequest, IssueCertificateResponse>.Of(JoinClient.NodeCa, "RenewCertificate"),
            new RenewCertificateRequest { CsrDer = Google.Protobuf.ByteString.CopyFrom(key.CreateSigningRequest()) },
            new CallOptions { Deadline = TimeSpan.FromSeconds(10) },
            _stop.Token).ConfigureAwait(false);
        if (!NodeIdentity.TryCreate(
            key, answer.CertificatePem, _current.RootPem, DateTimeOffset.UtcNow, out var next, out var error))
        {
            throw new IOException($"the new certificate is not usable: {error}");
        }

        _store.Save(next);
        _current = next;
        _log.Renewed(next.NotAfter);
    }

    private static TimeSpan Bounded(TimeSpan wait) =>
        wait < TimeSpan.FromSeconds(1) ? TimeSpan.FromSeconds(1) : wait > TimeSpan.FromHours(1) ? TimeSpan.FromHours(1)
            : wait;
}
