using System.CommandLine;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;

namespace Swarm.Ctl.Cli;

/// <summary>Runs a verb's work with a connection, and turns what went wrong into one line and an exit code.</summary>
internal static class Verb
{
    /// <summary>The verb's work; its result is the exit code.</summary>
    internal delegate Task<int> Work(Ctl ctl, ParseResult parsed, CancellationToken ct);

    /// <summary>Gives the command its work.</summary>
    internal static Command Does(this Command command, Work work)
    {
        command.SetAction(async (parsed, _) =>
        {
            using var interrupt = new CancellationTokenSource();
            ConsoleCancelEventHandler onInterrupt = (_, pressed) =>
            {
                pressed.Cancel = true;
                interrupt.Cancel();
            };
            Console.CancelKeyPress += onInterrupt;
            try
            {
                var console = parsed.InvocationConfiguration;
                await using var ctl = new Ctl(parsed.GetValue(CtlProgram.Host), console.Output, console.Error)
                {
                    Stale = parsed.GetValue(CtlProgram.Stale),
                };
                return await GuardAsync(() => work(ctl, parsed, interrupt.Token), ctl.Error, interrupt.Token)
                    .ConfigureAwait(false);
            }
            finally
            {
                Console.CancelKeyPress -= onInterrupt;
            }
        });
        return command;
    }

    /// <summary>For several objects: each is tried, the first failure's code is the result.</summary>
    internal static async Task<int> EachAsync(
        IEnumerable<string> references, Ctl ctl, Func<string, Task> work, CancellationToken ct)
    {
        var result = ExitCode.Done;
        foreach (var reference in references)
        {
            var code = await GuardAsync(
                async () =>
                {
                    await work(reference).ConfigureAwait(false);
                    return ExitCode.Done;
                },
                ctl.Error,
                ct).ConfigureAwait(false);
            result = result == ExitCode.Done ? code : result;
        }

        return result;
    }

    internal static async Task<int> GuardAsync(Func<Task<int>> work, TextWriter error, CancellationToken ct)
    {
        try
        {
            return await work().ConfigureAwait(false);
        }
        catch (UsageException e)
        {
            error.WriteLine(e.Message);
            return ExitCode.Usage;
        }
        catch (CtlException e)
        {
            error.WriteLine(e.Message);
            return e.ExitCode;
        }
        catch (RpcException) when (ct.IsCancellationRequested)
        {
            return ExitCode.Interrupted;
        }
        catch (RpcException e)
        {
            error.WriteLine($"Error: {Sentence(e)}");
            return CodeOf(e.Code);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return ExitCode.Interrupted;
        }
    }

    /// <summary>One line; a line for each fault when a manager found several.</summary>
    private static string Sentence(RpcException e)
    {
        var faults = e is { Code: RpcStatusCode.InvalidArgument or RpcStatusCode.AlreadyExists, Details: { } details }
            && TryRead(details) is { Count: > 1 } several
            ? several
            : null;
        return faults is null
            ? Printable.Line(e.Message)
            : $"{faults.Count} faults:\n  " + string.Join("\n  ", faults.Select(f => Printable.Line(f.ToString())));
    }

    private static List<SpecFault>? TryRead(byte[] details)
    {
        try
        {
            return [.. FaultList.Parser.ParseFrom(details).Faults
                .Select(f => new SpecFault(f.Field, f.Value, f.Rule, f.Remedy))];
        }
        catch (Google.Protobuf.InvalidProtocolBufferException)
        {
            return null;
        }
    }

    private static int CodeOf(RpcStatusCode code) => code switch
    {
        RpcStatusCode.NotFound => ExitCode.NotFound,
        RpcStatusCode.Aborted or RpcStatusCode.AlreadyExists => ExitCode.Conflict,
        RpcStatusCode.Unavailable => ExitCode.Unavailable,
        RpcStatusCode.DeadlineExceeded => ExitCode.Timeout,
        _ => ExitCode.Refused,
    };
}
