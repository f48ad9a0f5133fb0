using Swarm.Manager;
using Swarm.Security;

namespace Swarm.Node.Recovery;

/// <summary>
/// Tells the managers that were left behind that the swarm began anew, and where. They look for it only at addresses
/// that they know, so after a restore on another address, or a change of it, nobody else could.
/// </summary>
internal sealed class EpochHerald : IAsyncDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stop = new();
    private readonly LeftBehindFile _file;
    private readonly ManagerNode _manager;
    private readonly Func<NodeIdentity> _identity;
    private readonly EpochHeraldOptions _options;
    private readonly HashSet<string> _told = new(StringComparer.Ordinal);
    private readonly Task _run;

    internal EpochHerald(
        LeftBehindFile file, ManagerNode manager, Func<NodeIdentity> identity, EpochHeraldOptions options)
    {
        (_file, _manager, _identity, _options) = (file, manager, identity, options);
        _run = Vital.Run(RunAsync, options.Broke, _stop.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    /// <summary>Once to each: who belongs to this epoch by now, or to a newer one, is not told any more.</summary>
    private async Task RunAsync()
    {
        while (_file.Addresses is { Count: > 0 } addresses)
        {
            var answers = await EpochProbe.TellAsync(
                addresses, new EpochAnswer(_options.Address, _manager.Epoch, _identity().ClusterId.Value),
                _identity().RootPem, AnswerTimeout, _stop.Token).ConfigureAwait(false);
            foreach (var answer in answers)
            {
                Take(answer);
            }

            await Task.Delay(Period, _options.Clock, _stop.Token).ConfigureAwait(false);
        }
    }

    private void Take(EpochAnswer answer)
    {
        if (answer.Epoch >= _manager.Epoch)
        {
            _file.Remove(answer.Manager);
        }
        else if (_told.Add(answer.Manager))
        {
            _options.Note(
                $"{answer.Manager} is a manager of epoch {answer.Epoch} of the swarm and was left behind: it was told "
                + $"that epoch {_manager.Epoch} has begun here");
        }
    }
}

/// <summary>Where a herald is, and who hears of what it did.</summary>
/// <param name="Address">IP:PORT of this manager.</param>
/// <param name="Note">Takes a line for the log.</param>
/// <param name="Broke">The process must end.</param>
/// <param name="Clock">Real, or a test's.</param>
internal sealed record EpochHeraldOptions(
    string Address, Action<string> Note, Action<Exception> Broke, TimeProvider Clock);
