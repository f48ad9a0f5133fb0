using Swarm.Manager;
using Swarm.Raft;
using Swarm.Security;

namespace Swarm.Node.Recovery;

/// <summary>
/// Managers that were left behind by a forced new cluster must not go on as a second one (raft-pitfalls R30), even
/// where they are a majority of the old one. So a manager that misses others asks them: who belongs to a newer epoch
/// says so. Where one is that nobody here knows, it announces itself (<see cref="EpochHerald"/>).
/// </summary>
internal sealed class EpochWatch : IAsyncDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromMilliseconds(500);

    private readonly CancellationTokenSource _stop = new();
    private readonly ManagerNode _manager;
    private readonly Func<NodeIdentity> _identity;
    private readonly Action<EpochAnswer> _superseded;
    private readonly Task _run;

    internal EpochWatch(
        ManagerNode manager, Func<NodeIdentity> identity, Action<EpochAnswer> superseded, Action<Exception> broke)
    {
        (_manager, _identity, _superseded) = (manager, identity, superseded);
        _run = Vital.Run(RunAsync, broke, _stop.Token);
    }

    /// <summary>Before a manager takes up its log: does one of those that it knew belong to a newer epoch?</summary>
    internal static Task<EpochAnswer?> BeforeStartAsync(
        IEnumerable<string> managers, NodeIdentity self, ulong epoch, CancellationToken ct) =>
        EpochProbe.NewerAsync(managers, self, epoch, AnswerTimeout, ct);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(Period);
        while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false))
        {
            var asked = Missed(_manager.RaftStatus).Concat(_manager.Announced.Take()).Distinct();
            var newer = await EpochProbe.NewerAsync(
                asked, _identity(), _manager.Epoch, AnswerTimeout, _stop.Token).ConfigureAwait(false);
            if (newer is { } answer)
            {
                await PassOnAsync(answer).ConfigureAwait(false);
                _superseded(answer);
                return;
            }
        }
    }

    /// <summary>The others may be unknown to the new epoch, so that nobody else tells them.</summary>
    private Task PassOnAsync(EpochAnswer newer) => EpochProbe.TellAsync(
        _manager.RaftStatus.Members.Where(m => m.Id != _manager.RaftStatus.Id).Select(m => m.Address), newer,
        _identity().RootPem, AnswerTimeout, _stop.Token);

    /// <summary>A leader misses those it does not hear; who has no leader misses everybody.</summary>
    private static IEnumerable<string> Missed(RaftStatus status) => status.Members
        .Where(m => m.Id != status.Id
            && (status.LeaderId is null || (status.Role == RaftRole.Leader && !m.RecentActive)))
        .Select(m => m.Address);
}
