using Swarm.Ctl.Cli;
using Swarm.Ctl.Spec;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;

namespace Swarm.Ctl.Verbs;

/// <summary>
/// A `run` on the node that the swarm chooses: attached before its program starts, so that no output is missed, until
/// it has ended. What is lost on the way is not the container: it goes on, and so does its caller.
/// </summary>
internal static class PlacedRun
{
    /// <summary>The end of the program is known before the swarm has heard of it.</summary>
    private static readonly TimeSpan EndKnownWithin = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(200);

    /// <summary>Tries to attach that came to nothing although the task was there: then what was said is the answer.
    /// </summary>
    private const int MaxRefusals = 100;

    internal static async Task<int> RunAsync(Cli.Ctl ctl, ServiceSpec spec, FlagValues flags, CancellationToken ct)
    {
        if (flags.Last("node") is { } node)
        {
            spec.Task.Placement ??= new Placement();
            spec.Task.Placement.Constraints.Add(
                "node.id==" + (await VerbParts.NodeAsync(ctl, node, ct).ConfigureAwait(false)).Id);
        }

        var created = await ctl.CallAsync<CreateServiceRequest, CreateServiceResponse>(
            "CreateService",
            new CreateServiceRequest { Spec = spec, WithRegistryAuth = flags.IsOn("with-registry-auth") },
            ct).ConfigureAwait(false);
        foreach (var warning in created.Warnings)
        {
            ctl.Error.WriteLine("WARNING: " + Printable.Line(warning));
        }

        if (flags.IsOn("detach"))
        {
            ctl.Out.WriteLine(created.Id);
            return ExitCode.Done;
        }

        var run = new PlacedTask(ctl, created.Id, spec.Name);
        try
        {
            return await FollowAsync(ctl, run, spec, flags, ct).ConfigureAwait(false);
        }
        catch (Exception e) when ((e is OperationCanceledException or RpcException) && ct.IsCancellationRequested
            && !run.HasStarted)
        {
            // Nobody will come to a program that waits for its caller.
            await RemoveAsync(ctl, created.Id).ConfigureAwait(false);
            return ExitCode.Interrupted;
        }
    }

    private static async Task<int> FollowAsync(
        Cli.Ctl ctl, PlacedTask run, ServiceSpec spec, FlagValues flags, CancellationToken ct)
    {
        var refusals = 0;
        var task = await run.ReadyAsync(ct).ConfigureAwait(false);
        while (!PlacedTask.IsOver(task))
        {
            await using var talk = new TaskTalk(ctl.Converse(), Run.Form(flags, spec.Task.Container.Tty));
            try
            {
                var code = await TalkAsync(ctl, run, talk, task!).ConfigureAwait(false);
                if (talk.WasLeft)
                {
                    return code;
                }

                using var patience = new CancellationTokenSource(EndKnownWithin);
                task = await run.EndedAsync(patience.Token).ConfigureAwait(false);
                return await EndAsync(ctl, run, spec, task, code).ConfigureAwait(false);
            }
            catch (Exception e) when (IsLoss(e) && (talk.HasBegun || ++refusals < MaxRefusals))
            {
                await LostAsync(ctl, run, spec, talk.HasBegun, ct).ConfigureAwait(false);
                task = await run.ReadyAsync(run.HasStarted ? CancellationToken.None : ct).ConfigureAwait(false);
            }
        }

        return await EndAsync(ctl, run, spec, task, null).ConfigureAwait(false);
    }

    private static async Task<int> TalkAsync(Cli.Ctl ctl, PlacedTask run, TaskTalk talk, TaskView task)
    {
        var container = task.Spec.Container;
        var open = new OpenTaskSession
        {
            Task = task.Id, Attach = Run.Attachment(container.OpenStdin, container.Tty),
        };
        try
        {
            return await talk.RunAsync(open, ctl.Error).ConfigureAwait(false);
        }
        finally
        {
            run.HasStarted |= talk.HasBegun;
        }
    }

    /// <summary>The leader changed, or the task ended between two looks: the next picture tells.</summary>
    private static bool IsLoss(Exception e) =>
        e is RpcException
        {
            Code: RpcStatusCode.Unavailable or RpcStatusCode.FailedPrecondition or RpcStatusCode.NotFound,
        }
        || e is CtlException { ExitCode: ExitCode.Unavailable };

    private static async Task LostAsync(
        Cli.Ctl ctl, PlacedTask run, ServiceSpec spec, bool hadBegun, CancellationToken ct)
    {
        if (hadBegun && spec.Task.Container.OpenStdin)
        {
            throw new CtlException(
                Run.DaemonFailed,
                $"the connection to {spec.Name} was lost, and what is typed with it; it goes on: 'swarmctl attach "
                + $"{spec.Name}.1', 'swarmctl service logs {spec.Name}', 'swarmctl service rm {spec.Name}' ends it");
        }

        if (hadBegun)
        {
            ctl.Error.WriteLine(
                $"WARNING: the connection to {spec.Name} was lost and is made anew; what it wrote meanwhile is in "
                + $"'swarmctl service logs {spec.Name}'");
        }

        await Task.Delay(BetweenTries, run.HasStarted ? CancellationToken.None : ct)
            .ConfigureAwait(false);
    }

    /// <summary>
    /// The exit code, which the task's status has; what never ran is removed, as is what was to be.
    /// </summary>
    private static async Task<int> EndAsync(
        Cli.Ctl ctl, PlacedTask run, ServiceSpec spec, TaskView? task, int? heard)
    {
        var ran = heard is not null || run.HasStarted;
        var status = task?.Status;
        var failed = status is { HasExitCode: false, Error.Length: > 0 };
        if (spec.ReplicatedJob.HasRemoveAfterNs || failed || (!ran && task is not null))
        {
            await RemoveAsync(ctl, run.Service).ConfigureAwait(false);
        }

        if (failed)
        {
            ctl.Error.WriteLine("Error: " + Printable.Line(status!.Error));
            return Run.CodeOf(status.Error);
        }

        return status is { HasExitCode: true } ? status.ExitCode
            : heard ?? throw new CtlException(
                Run.DaemonFailed,
                task is null
                    ? $"{spec.Name} was removed by somebody before it had ended"
                    : $"{spec.Name} was stopped by somebody, or its node was lost, before it had ended: see "
                        + $"'swarmctl service ps {spec.Name}'");
    }

    private static async Task RemoveAsync(Cli.Ctl ctl, string service)
    {
        try
        {
            await ctl.CallAsync<RemoveServiceRequest, RemoveServiceResponse>(
                "RemoveService", new RemoveServiceRequest { Ref = service }, CancellationToken.None)
                .ConfigureAwait(false);
        }
        catch (RpcException e) when (e.Code == RpcStatusCode.NotFound)
        {
            // The swarm was faster, or somebody else was.
        }
    }
}
