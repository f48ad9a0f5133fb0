using System.Runtime.CompilerServices;
using Google.Protobuf;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Runtime.Containers;

namespace Swarm.Node.Containers;

/// <summary>Logs of this node's containers, many lines to a message.</summary>
internal sealed class ContainerLogService(ContainerRuntime containers, ContainerFinder finder)
{
    private const int MaxBatchLines = 500;
    private const int MaxBatchBytes = 512 << 10;

    /// <summary>.NET's timers take 49 days; whoever follows for longer is not ended.</summary>
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(49);

    internal void Register(RpcService service) =>
        service.ServerStream<ContainerLogsRequest, ContainerLogsResponse>("ContainerLogs", LogsAsync);

    private Task LogsAsync(
        ContainerLogsRequest request, IResponseStream<ContainerLogsResponse> responses, CallContext call) =>
        ContainerService.Answer(async () =>
        {
            var details = request.Details ? DetailsOf(request.Container) : [];
            var batch = new ContainerLogsResponse { Details = { details } };
            var bytes = 0;
            await foreach (var line in WantedAsync(request, call.Cancellation).ConfigureAwait(false))
            {
                batch.Lines.Add(new ContainerLogLine
                {
                    AtNs = ContainerViews.Ns(line.At),
                    Stderr = line.IsStandardError,
                    Line = UnsafeByteOperations.UnsafeWrap(line.Line),
                });
                bytes += line.Line.Length;
                // Who follows waits for the next line: the last one must not wait with it.
                if (request.Follow || batch.Lines.Count >= MaxBatchLines || bytes >= MaxBatchBytes)
                {
                    await responses.WriteAsync(batch, call.Cancellation).ConfigureAwait(false);
                    (batch, bytes) = (new ContainerLogsResponse { Details = { details } }, 0);
                }
            }

            if (batch.Lines.Count > 0)
            {
                await responses.WriteAsync(batch, call.Cancellation).ConfigureAwait(false);
            }

            return true;
        });

    private Dictionary<string, string> DetailsOf(string container) =>
        containers.SpecOf(finder.Find(container).Id)?.About.LogDetails.ToDictionary() ?? [];

    /// <summary>Until the log ends or the time has come that the caller named, also while following.</summary>
    private async IAsyncEnumerable<LogLine> WantedAsync(
        ContainerLogsRequest request, [EnumeratorCancellation] CancellationToken ct)
    {
        var id = finder.Find(request.Container).Id;
        DateTimeOffset? since = request.SinceNs > 0 ? At(request.SinceNs) : null;
        var until = request.UntilNs > 0 ? At(request.UntilNs) : DateTimeOffset.MaxValue;
        var left = until - DateTimeOffset.UtcNow;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(ct);
        if (left > TimeSpan.Zero && left < LongestTimer)
        {
            end.CancelAfter(left);
        }

        await using var lines = containers
            .ReadLogAsync(id, request.Tail, since, request.Follow && left > TimeSpan.Zero, end.Token)
            .GetAsyncEnumerator(end.Token);
        while (await MoveAsync(lines, ct).ConfigureAwait(false) && lines.Current.At <= until)
        {
            yield return lines.Current;
        }
    }

    private static async Task<bool> MoveAsync(IAsyncEnumerator<LogLine> lines, CancellationToken ct)
    {
        try
        {
            return await lines.MoveNextAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            // The time that the caller named has come.
            return false;
        }
    }

    private static DateTimeOffset At(long ns) => DateTimeOffset.UnixEpoch.AddTicks(ns / 100);
}
