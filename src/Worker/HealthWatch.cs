using Swarm.Model;
using Swarm.Runtime.Containers;
using Swarm.Worker.Core;

namespace Swarm.Worker;

/// <summary>Checks one running container until it is unhealthy, has ended, or nobody wants to know any more.</summary>
internal sealed class HealthWatch : IAsyncDisposable
{
    /// <summary>Of a check's output; what is shown of the last one.</summary>
    private const int MaxOutputBytes = 4096;

    private const int MaxShownChars = 300;

    private readonly HealthTarget _target;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _healthy = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<string> _unhealthy = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _run;
    private HealthFile _file;
    private string _last = "";

    internal HealthWatch(HealthTarget target, HealthFile file)
    {
        (_target, _file) = (target, file);
        Tell();
        _run = Task.Run(GuardAsync);
    }

    /// <summary>Completes with the first success, also with one before the daemon was restarted.</summary>
    internal Task Healthy => _healthy.Task;

    /// <summary>Completes with what the last check said.</summary>
    internal Task<string> Unhealthy => _unhealthy.Task;

    /// <summary>A check that is under way is killed.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    /// <summary>Whoever waits for the health of a container learns that nobody checks it any more.</summary>
    private async Task GuardAsync()
    {
        try
        {
            await RunAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _healthy.TrySetException(e);
            _unhealthy.TrySetException(e);
        }
    }

    private async Task RunAsync()
    {
        while (_file.State.Status != HealthStatus.Unhealthy)
        {
            var wait = HealthMachine.NextIn(_file.Plan, _file.State, Running());
            await Task.Delay(wait, _target.Clock, _stop.Token).ConfigureAwait(false);
            var running = Running();
            if (await CheckAsync().ConfigureAwait(false) is not { } succeeded)
            {
                return;
            }

            var next = HealthMachine.After(_file.Plan, _file.State, running, succeeded);
            if (next != _file.State)
            {
                _file = _file with { State = next };
                Save();
                Tell();
            }
        }
    }

    /// <summary>Null when the container does not run any more.</summary>
    private async Task<bool?> CheckAsync()
    {
        var plan = _file.Plan;
        try
        {
            var result = await _target.Containers.ExecAsync(
                _target.Id, new ContainerExec(plan.Command, plan.Timeout, MaxOutputBytes), _stop.Token)
                .ConfigureAwait(false);
            _last = result.TimedOut
                ? $"it took longer than {plan.Timeout.TotalSeconds:0.###} s; {Shown(result.Output)}"
                : $"exit code {result.ExitCode}; {Shown(result.Output)}";
            return _target.IsRunning ? result is { ExitCode: 0, TimedOut: false } : null;
        }
        catch (ContainerException e)
        {
            _last = Shown(e.Message);
            return _target.IsRunning ? false : null;
        }
    }

    private void Save()
    {
        try
        {
            _file.Save(_target.Directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The disk is full or the task is being removed. What is in memory counts; a restarted daemon would only
            // check once more than it had to.
            _last += $" ({Shown(e.Message)})";
        }
    }

    private void Tell()
    {
        if (_file.State.Status == HealthStatus.Healthy)
        {
            _healthy.TrySetResult();
        }
        else if (_file.State.Status == HealthStatus.Unhealthy)
        {
            _unhealthy.TrySetResult(
                $"unhealthy container: {_file.State.FailingStreak} health checks failed in a row"
                + (_last.Length > 0 ? ", the last one: " + _last : ""));
        }
    }

    private TimeSpan Running() => _target.Clock.GetUtcNow() - _target.StartedAt;

    /// <summary>One line that moves no cursor.</summary>
    private static string Shown(string output)
    {
        var text = output.Trim();
        text = text.Length == 0 ? "no output" : text.Length > MaxShownChars ? "…" + text[^MaxShownChars..] : text;
        return Printable.Line(text);
    }
}

/// <summary>Whose health is watched.</summary>
/// <param name="Containers">Where it runs.</param>
/// <param name="Id">Of the task and of its container.</param>
/// <param name="Directory">Of the task, for its health file.</param>
/// <param name="StartedAt">When the container was started.</param>
/// <param name="Clock">What time it is.</param>
internal sealed record HealthTarget(
    ContainerRuntime Containers, string Id, string Directory, DateTimeOffset StartedAt, TimeProvider Clock)
{
    internal bool IsRunning => Containers.Find(Id)?.Phase == ContainerPhase.Running;
}
