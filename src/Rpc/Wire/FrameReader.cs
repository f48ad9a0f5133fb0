using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;
using System.IO.Pipelines;
using Google.Protobuf;

namespace Swarm.Rpc.Wire;

/// <summary>
/// Messages from a stream of gRPC frames. A length above the limit is refused as soon as it is claimed, before any
/// of the message is buffered; a message that has begun must be complete within the time given.
/// </summary>
internal sealed class FrameReader(
    PipeReader input, int maxBytes, TimeSpan messageTimeout, MessageBudget? budget = null) : IDisposable
{
    private static readonly TimeSpan TimerGrain = TimeSpan.FromMilliseconds(1);
    private Timer? _watch;
    private long _begunAt;
    private int _reserved;

    /// <summary>Of all frames that were read.</summary>
    public long ReadBytes { get; private set; }

    /// <param name="parser">Of the type expected.</param>
    /// <param name="mustBegin">The time runs at once, not from the first byte of the message.</param>
    /// <returns>Null at the end of the stream.</returns>
    public async ValueTask<T?> ReadAsync<T>(MessageParser<T> parser, bool mustBegin, CancellationToken ct)
        where T : class, IMessage<T>
    {
        bool begun = mustBegin;
        try
        {
            while (true)
            {
                ValueTask<ReadResult> pending = input.ReadAsync(ct);
                if (begun && !pending.IsCompleted)
                    Arm();
                ReadResult result = await pending.ConfigureAwait(false);
                ReadOnlySequence<byte> buffer = result.Buffer;
                if (TryFrame(buffer, out ReadOnlySequence<byte> payload))
                {
                    T message = Parse(parser, payload);
                    ReadBytes += FrameWriter.PrefixBytes + payload.Length;
                    input.AdvanceTo(payload.End);
                    Release();
                    return message;
                }
                input.AdvanceTo(buffer.Start, buffer.End);
                if (result.IsCompleted)
                    return buffer.IsEmpty ? null : throw Broken("the stream ended inside a message");
                if (result.IsCanceled)
                    ThrowIfLate();
                begun |= !buffer.IsEmpty;
            }
        }
        finally
        {
            Disarm();
        }
    }

    public void Dispose()
    {
        _watch?.Dispose();
        Release();
    }

    private static T Parse<T>(MessageParser<T> parser, ReadOnlySequence<byte> payload)
        where T : class, IMessage<T>
    {
        try
        {
            return parser.ParseFrom(payload);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new RpcException(
                RpcStatusCode.Internal, $"a message of {payload.Length} bytes cannot be read: {e.Message}", null, e);
        }
    }

    private bool TryFrame(in ReadOnlySequence<byte> buffer, out ReadOnlySequence<byte> payload)
    {
        payload = default;
        if (buffer.Length < FrameWriter.PrefixBytes)
        {
            return false;
        }
        Span<byte> prefix = stackalloc byte[FrameWriter.PrefixBytes];
        buffer.Slice(0, FrameWriter.PrefixBytes).CopyTo(prefix);
        if (prefix[0] != 0)
        {
            throw Broken(prefix[0] == 1
                ? "a message is marked as compressed, but no compression was agreed"
                : $"a message has the unknown flags 0x{prefix[0]:x2}");
        }
        uint length = BinaryPrimitives.ReadUInt32BigEndian(prefix[1..]);
        if (length > (uint)maxBytes)
        {
            throw new RpcException(
                RpcStatusCode.ResourceExhausted,
                $"message of {length} bytes is larger than the limit of {maxBytes} bytes");
        }
        if (buffer.Length < FrameWriter.PrefixBytes + length)
        {
            Reserve((int)length);
            return false;
        }
        payload = buffer.Slice(FrameWriter.PrefixBytes, length);
        return true;
    }

    // What is complete at once is never counted: most messages are.
    private void Reserve(int length)
    {
        if (budget is null || _reserved != 0)
            return;
        budget.Reserve(length);
        _reserved = length;
    }

    private void Release()
    {
        if (_reserved != 0)
            budget!.Release(_reserved);
        _reserved = 0;
    }

    private void Arm()
    {
        if (_begunAt != 0)
            return;
        _begunAt = Stopwatch.GetTimestamp();
        _watch ??= new Timer(static state => ((PipeReader)state!).CancelPendingRead(), input, -1, -1);
        _watch.Change(messageTimeout, Timeout.InfiniteTimeSpan);
    }

    // The timer may fire a little before its time, or for the message before: then it is set again.
    private void ThrowIfLate()
    {
        if (_begunAt == 0)
            return;
        TimeSpan left = messageTimeout - Stopwatch.GetElapsedTime(_begunAt);
        if (left <= TimeSpan.Zero)
        {
            throw new RpcException(
                RpcStatusCode.DeadlineExceeded,
                $"a message was not complete within {messageTimeout.TotalSeconds:0.###} s");
        }
        _watch!.Change(left + TimerGrain, Timeout.InfiniteTimeSpan);
    }

    private void Disarm()
    {
        if (_begunAt == 0)
            return;
        _begunAt = 0;
        _watch!.Change(-1, -1);
    }

    private static RpcException Broken(string what) => new(RpcStatusCode.Internal, what);
}
