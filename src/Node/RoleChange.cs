using Swarm.Manager;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Security;

namespace Swarm.Node;

/// <summary>
/// Makes this node what the managers say that it is. What they say is only the occasion: what counts is the role in
/// the certificate that it gets then. It runs alone with init, join and leave.
/// </summary>
internal sealed class RoleChange : IAsyncDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>A manager that is taken out is told its role a little later; only then it is known which.</summary>
    private static readonly TimeSpan RemovedGrace = TimeSpan.FromSeconds(3);

    private readonly SwarmMember _member;
    private readonly Membership _membership;
    private readonly NodeLog _log;
    private readonly CancellationTokenSource _stop = new();
    private readonly Wakeup _wake = new(isSet: false);
    private readonly Task _run;
    private volatile string _problem = "";
    private int _told;
    private long _removedSince;

    internal RoleChange(Membership membership, SwarmMember member, NodeLog log, Action<Exception> broke)
    {
        (_membership, _member, _log) = (membership, member, log);
        _told = (int)Has();
        _run = Vital.Run(RunAsync, broke, _stop.Token);
    }

    /// <summary>Why the role is not yet what the managers say; empty when it is.</summary>
    internal string Problem => _problem;

    /// <summary>A manager said what this node is.</summary>
    internal void Told(NodeRole role)
    {
        if (role == NodeRole.Unspecified)
        {
            return;
        }

        Volatile.Write(ref _told, (int)role);
        _wake.Set();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        var pause = Look;
        while (true)
        {
            await _wake.WaitAsync(pause, _stop.Token).ConfigureAwait(false);
            pause = Look;
            if (!IsDue())
            {
                continue;
            }

            try
            {
                await _membership.AloneAsync(SettleAsync, _stop.Token).ConfigureAwait(false);
                _problem = "";
            }
            catch (Exception e) when (e is RpcException or IOException && !_stop.IsCancellationRequested)
            {
                _problem = $"the role of this node could not be changed yet: {e.Message}";
                _log.Warn(_problem);
                pause = LongestPause;
            }
        }
    }

    /// <summary>Told another role than this node has, or taken out of Raft for some time.</summary>
    private bool IsDue()
    {
        if (Volatile.Read(ref _told) != (int)Has())
        {
            return true;
        }

        if (_member.Manager is not { RaftStatus.Removed: true })
        {
            _removedSince = 0;
            return false;
        }

        _removedSince = _removedSince == 0 ? Environment.TickCount64 : _removedSince;
        return Environment.TickCount64 - _removedSince >= (long)RemovedGrace.TotalMilliseconds;
    }

    private NodeRole Has() => _member.Manager is null ? NodeRole.Worker : NodeRole.Manager;

    private async Task<bool> SettleAsync()
    {
        var ct = _stop.Token;
        var told = Volatile.Read(ref _told);
        await _member.RenewIdentityAsync(ct).ConfigureAwait(false);
        if (_member.Identity.Role != CertificateRole.Manager)
        {
            await _member.BecomeWorkerAsync().ConfigureAwait(false);
        }
        else if (_member.Manager is not { RaftStatus.Removed: false })
        {
            // Promoted; or taken out and promoted again while this node was away: its old name is of no use.
            await _member.BecomeWorkerAsync().ConfigureAwait(false);
            await _member.BecomeManagerAsync(ct).ConfigureAwait(false);
        }

        // What the certificate says is newer than what was told before; what is told from now on is newer still.
        Interlocked.CompareExchange(ref _told, (int)Has(), told);
        return true;
    }
}
