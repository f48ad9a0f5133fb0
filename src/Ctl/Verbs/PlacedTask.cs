using Swarm.Ctl.Cli;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;

namespace Swarm.Ctl.Verbs;

/// <summary>The one task of a placed `run`, as the swarm tells of it, also over changes of the leader.</summary>
internal sealed class PlacedTask(Cli.Ctl ctl, string service, string name)
{
    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(200);
    private string _said = "";

    internal string Service => service;

    /// <summary>Somebody was attached to it, so it was started.</summary>
    internal bool HasStarted { get; set; }

    /// <summary>It has ended, is not wanted any more, or is gone (null).</summary>
    internal static bool IsOver(TaskView? task) =>
        task is null || ((TaskState)task.Status.State).IsTerminal() || !((TaskState)task.DesiredState).IsWanted();

    /// <summary>When it can be attached to, or is over; why it has to wait is said once.</summary>
    internal Task<TaskView?> ReadyAsync(CancellationToken ct) => UntilAsync(
        static task => IsOver(task) || task!.Status.State >= (int)TaskState.Starting, ct);

    /// <summary>When it has ended; its last known form when nobody knows within the time.</summary>
    internal async Task<TaskView?> EndedAsync(CancellationToken patience)
    {
        TaskView? last = null;
        try
        {
            return await UntilAsync(
                task =>
                {
                    last = task;
                    return task is null || ((TaskState)task.Status.State).IsTerminal();
                },
                patience).ConfigureAwait(false);
        }
        catch (Exception e) when ((e is OperationCanceledException or RpcException)
            && patience.IsCancellationRequested)
        {
            return last;
        }
    }

    private async Task<TaskView?> UntilAsync(Func<TaskView?, bool> isEnough, CancellationToken ct)
    {
        while (true)
        {
            try
            {
                return await OnceAsync(isEnough, ct).ConfigureAwait(false);
            }
            catch (RpcException e) when (e.Code == RpcStatusCode.NotFound)
            {
                return null;
            }
            catch (RpcException e) when (e.Code == RpcStatusCode.Unavailable && !ct.IsCancellationRequested)
            {
                // The leader changed; the task does not notice.
                await Task.Delay(BetweenTries, ct).ConfigureAwait(false);
            }
        }
    }

    private async Task<TaskView?> OnceAsync(Func<TaskView?, bool> isEnough, CancellationToken ct)
    {
        var pictures = ctl.StreamAsync<WatchServiceRequest, WatchServiceResponse>(
            "WatchService", new WatchServiceRequest { Ref = service }, ct);
        await foreach (var picture in pictures.ConfigureAwait(false))
        {
            if (picture.Service is null)
            {
                return null;
            }

            var task = picture.Tasks.MaxBy(t => t.CreatedAtNs);
            if (task is not null)
            {
                Explain(task);
                if (isEnough(task))
                {
                    return task;
                }
            }
        }

        throw new RpcException(RpcStatusCode.Unavailable, "the manager ended the watch");
    }

    private void Explain(TaskView task)
    {
        var why = task.Status.State == (int)TaskState.Pending ? task.Status.Error : "";
        if (why.Length > 0 && why != _said)
        {
            ctl.Error.WriteLine($"{name} waits for a node: {Printable.Line(why)} (ctrl-C calls it off)");
        }

        _said = why;
    }
}
