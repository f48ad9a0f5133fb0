using System.Text;
using Swarm.Ctl.Cli;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;

namespace Swarm.Ctl.Verbs;

/// <summary>The end of a failed task's log, which mostly says what was wrong.</summary>
internal static class LastWords
{
    private const int Lines = 10;
    private const int MaxLineChars = 500;

    /// <summary>A node that does not answer must not hold up a script.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    internal static async Task PrintAsync(Cli.Ctl ctl, TaskView? task, CancellationToken ct)
    {
        if (task is null || task.NodeId.Length == 0)
        {
            return;
        }

        var lines = new List<ServiceLogsResponse>();
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(ct);
        bounded.CancelAfter(Patience);
        try
        {
            var request = new ServiceLogsRequest { Tail = Lines, Refs = { task.Id } };
            await foreach (var line in ctl.StreamAsync<ServiceLogsRequest, ServiceLogsResponse>(
                "ServiceLogs", request, bounded.Token).ConfigureAwait(false))
            {
                if (line.Warning.Length == 0)
                {
                    lines.Add(line);
                }
            }
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException)
        {
            // Its log is gone or its node is: what was read so far is better than nothing, and the failure was told.
            ct.ThrowIfCancellationRequested();
        }

        Print(ctl.Error, task, [.. lines.OrderBy(l => l.AtNs).TakeLast(Lines)]);
    }

    internal static void Print(TextWriter output, TaskView task, IReadOnlyList<ServiceLogsResponse> lines)
    {
        output.WriteLine(lines.Count == 0
            ? $"{task.Name}.{VerbParts.ShortId(task.Id)} left no log"
            : $"last lines of {task.Name}.{VerbParts.ShortId(task.Id)}@{task.NodeHostname}:");
        foreach (var line in lines)
        {
            var text = Encoding.UTF8.GetString(line.Line.Span).TrimEnd('\r', '\n');
            output.WriteLine("    | " + Printable.Line(VerbParts.Cut(text, MaxLineChars)));
        }
    }
}
