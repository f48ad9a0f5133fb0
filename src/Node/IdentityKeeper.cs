using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Swarm.Manager;
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
    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly Wakeup _soon = new(isSet: false);
    private readonly Lock _saving = new();
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

    /// <summary>Gets its keys when a renewal makes this node a manager.</summary>
    internal required NodeVault Vault { get; init; }

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

    /// <summary>
    /// A certificate of the role that the managers have for this node now. Tries them in turn, each once.
    /// </summary>
    /// <exception cref="RpcException">None gave one.</exception>
    /// <exception cref="IOException">What came is not usable, or cannot be stored.</exception>
    internal async Task RenewNowAsync(IReadOnlyList<string> managers, CancellationToken ct)
    {
        RpcException failure = new(RpcStatusCode.Unavailable, "no manager is known");
        foreach (var manager in managers)
        {
            try
            {
                await RenewOnceAsync(manager, ct).ConfigureAwait(false);
                return;
            }
            catch (RpcException e)
            {
                failure = e;
            }
        }

        throw failure;
    }

    /// <summary>Asks one of the managers for the next certificate when its time has come, again and again.</summary>
    internal void StartRenewing(Func<string?> manager, Action<Exception> broke) =>
        _renewing = Vital.Run(() => RenewAsync(manager), broke, _stop.Token);

    /// <summary>A new key and certificate now: this node's key lay open on the disk.</summary>
    internal void RenewSoon() => _soon.Set();

    /// <summary>Writes the identity again, sealed with the vault's newest key.</summary>
    /// <exception cref="IOException">The old one is still there.</exception>
    internal void Reseal()
    {
        lock (_saving)
        {
            _store.Save(_current);
        }
    }

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
            if (await _soon.WaitAsync(Bounded(wait), _stop.Token).ConfigureAwait(false))
            {
                at = DateTimeOffset.UtcNow;
            }

            if (DateTimeOffset.UtcNow < at)
            {
                continue;
            }

            try
            {
                await RenewOnceAsync(manager() ?? throw new RpcException(
                    RpcStatusCode.Unavailable, "no manager is known"), _stop.Token).ConfigureAwait(false);
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

    private async Task RenewOnceAsync(string manager, CancellationToken ct)
    {
        await _one.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            var address = HostPort.Parse(manager);
            using var key = NodeKey.Create();
            await using var channel = RpcChannel.ForTcp(address.Host, address.Port, ClientTls);
            var answer = await channel.UnaryAsync(
                RpcMethod<RenewCertificateRequest, IssueCertificateResponse>.Of(JoinClient.NodeCa, "RenewCertificate"),
                new RenewCertificateRequest
                {
                    CsrDer = Google.Protobuf.ByteString.CopyFrom(key.CreateSigningRequest()),
                },
                new CallOptions { Deadline = TimeSpan.FromSeconds(10) },
                ct).ConfigureAwait(false);
            if (!NodeIdentity.TryCreate(
                key, answer.CertificatePem, _current.RootPem, DateTimeOffset.UtcNow, out var next, out var error))
            {
                throw new IOException($"the new certificate is not usable: {error}");
            }

            if (Vault.Current is null)
            {
                Vault.BeginFor(next.Role, answer.UnlockKey.Span, answer.ClusterVersion);
            }

            lock (_saving)
            {
                _store.Save(next);
                _current = next;
            }

            _log.Renewed(next.NotAfter);
        }
        finally
        {
            _one.Release();
        }
    }

    private static TimeSpan Bounded(TimeSpan wait) =>
        wait < TimeSpan.FromSeconds(1) ? TimeSpan.FromSeconds(1) : wait > TimeSpan.FromHours(1) ? TimeSpan.FromHours(1)
            : wait;
}
