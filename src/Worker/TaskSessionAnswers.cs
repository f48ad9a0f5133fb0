using Google.Protobuf;
using Swarm.Protocol.V1;
using Swarm.Rpc;

namespace Swarm.Worker;

/// <summary>What a task's side of a conversation says, one message at a time.</summary>
/// <param name="write">To whoever talks to it.</param>
internal sealed class TaskSessionAnswers(Func<TaskSessionResponse, CancellationToken, ValueTask> write)
{
    private readonly SemaphoreSlim _one = new(1, 1);

    internal Task StartedAsync(string task, bool tty, CancellationToken ct) => SendAsync(
        new TaskSessionResponse { Started = new TaskSessionStarted { TaskId = task, Tty = tty } }, ct);

    internal Task WriteAsync(bool isError, ReadOnlyMemory<byte> data, CancellationToken ct)
    {
        // The buffer is not used again before the message is on its way.
        var bytes = UnsafeByteOperations.UnsafeWrap(data);
        return SendAsync(
            isError ? new TaskSessionResponse { Error = bytes } : new TaskSessionResponse { Output = bytes }, ct);
    }

    internal Task StatAsync(PathStat stat, CancellationToken ct) =>
        SendAsync(new TaskSessionResponse { Stat = stat }, ct);

    internal Task EndAsync(TaskSessionEnd end) =>
        SendAsync(new TaskSessionResponse { End = end }, CancellationToken.None);

    private async Task SendAsync(TaskSessionResponse answer, CancellationToken ct)
    {
        await _one.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            await write(answer, ct).ConfigureAwait(false);
        }
        finally
        {
            _one.Release();
        }
    }
}
