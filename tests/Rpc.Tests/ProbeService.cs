using System.Globalization;
using System.Text;
using Swarm.Rpc.Tests.Probes;

namespace Swarm.Rpc.Tests;

/// <summary>Handlers whose behaviour the request asks for.</summary>
internal sealed class ProbeService
{
    private readonly TaskCompletionSource<CallContext> _waiting =
        new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _written;

    public int Calls;

    /// <summary>A call that was asked to wait.</summary>
    public Task<CallContext> Waiting => _waiting.Task;

    /// <summary>That call has seen its cancellation.</summary>
    public Task Cancelled => _cancelled.Task;

    public int Written => Volatile.Read(ref _written);

    public RpcService[] Services()
    {
        RpcService probe = new RpcService(ProbeReflection.Descriptor.Services[0])
            .Unary<Note, Note>("Echo", EchoAsync)
            .ServerStream<Note, Note>("Count", CountAsync)
            .ClientStream<Note, Note>("Sum", SumAsync)
            .Duplex<Note, Note>("Chat", ChatAsync);
        var doors = new RpcService(ProbeReflection.Descriptor.Services[1]);
        foreach (string door in new[] { "ForLocal", "ForManager", "ForWorker", "ForAnyone" })
        {
            doors.Unary<Note, Note>(
                door, (_, c) => Task.FromResult(new Note { Text = $"{c.Peer.Role}/{c.Peer.NodeId}" }));
        }
        return [probe, doors];
    }

    private async Task<Note> EchoAsync(Note request, CallContext context)
    {
        Interlocked.Increment(ref Calls);
        if (context.Metadata.TryGetValue("probe", out string? value))
        {
            context.SetHeader("probe-header", value);
            context.SetTrailer("probe-trailer", value);
        }
        switch (request.Text)
        {
            case "wait":
                await WaitAsync(context);
                break;
            case "fail":
                throw new RpcException(
                    RpcStatusCode.FailedPrecondition, "100 % – nicht möglich\n", Encoding.UTF8.GetBytes("details\0"));
            case "crash":
                throw new InvalidOperationException("a secret of the inside");
            case "large":
                return new Note { Payload = Google.Protobuf.ByteString.CopyFrom(new byte[request.Number]) };
        }
        return request;
    }

    private async Task CountAsync(Note request, IResponseStream<Note> answers, CallContext context)
    {
        for (int i = 0; i < request.Number; i++)
        {
            await answers.WriteAsync(new Note { Number = i, Payload = request.Payload });
            Interlocked.Increment(ref _written);
        }
        if (request.Text == "wait")
            await WaitAsync(context);
        if (request.Text.Length > 0)
            throw new RpcException(Enum.Parse<RpcStatusCode>(request.Text), "as asked");
    }

    private async Task<Note> SumAsync(IAsyncEnumerable<Note> requests, CallContext context)
    {
        int sum = 0;
        await foreach (Note note in requests)
        {
            if (note.Text == "stop")
                throw new RpcException(RpcStatusCode.Aborted, "enough");
            sum += note.Number;
        }
        return new Note { Number = sum, Text = sum.ToString(CultureInfo.InvariantCulture) };
    }

    private async Task ChatAsync(IAsyncEnumerable<Note> requests, IResponseStream<Note> answers, CallContext context)
    {
        try
        {
            await foreach (Note note in requests)
            {
                _waiting.TrySetResult(context);
                note.Text = "re: " + note.Text;
                await answers.WriteAsync(note);
            }
        }
        catch (OperationCanceledException)
        {
            _cancelled.TrySetResult();
            throw;
        }
    }

    private async Task WaitAsync(CallContext context)
    {
        _waiting.TrySetResult(context);
        try
        {
            await Task.Delay(Timeout.Infinite, context.Cancellation);
        }
        catch (OperationCanceledException)
        {
            _cancelled.TrySetResult();
            throw;
        }
    }
}
