using System.Buffers.Binary;
using Google.Protobuf;
using Swarm.Protocol.V1;

namespace Swarm.Store;

/// <summary>Marks of commands as messages and back.</summary>
internal static class RequestCodec
{
    private const int DigestBytes = 16;

    internal static LogRequest? ToMessage(RequestMark? mark)
    {
        if (mark is null)
        {
            return null;
        }

        var digest = new byte[DigestBytes];
        BinaryPrimitives.WriteUInt128BigEndian(digest, mark.Digest);
        return new LogRequest
        {
            Id = UnsafeByteOperations.UnsafeWrap(mark.Id.ToBytes()),
            Step = mark.Id.Step,
            Digest = UnsafeByteOperations.UnsafeWrap(digest),
        };
    }

    internal static RequestMark? FromMessage(LogRequest? message)
    {
        if (message is null)
        {
            return null;
        }

        return RequestId.TryRead(message.Id.Span, message.Step, out var id) && message.Digest.Length == DigestBytes
            ? new RequestMark(id, BinaryPrimitives.ReadUInt128BigEndian(message.Digest.Span))
            : throw new InvalidDataException(
                $"the id of a command has {message.Id.Length} bytes and its digest {message.Digest.Length}, "
                + $"{RequestId.Bytes} and {DigestBytes} are right");
    }

    internal static StoredRequest ToStored(RecentRequest request) => new()
    {
        Request = ToMessage(request.Mark),
        Index = request.Index,
        AtNs = Timestamps.ToNs(request.At),
        Refusal = request.Outcome.Kind is { } kind ? (uint)kind + 1 : 0,
        Message = request.Outcome.Message,
        CurrentVersion = request.Outcome.CurrentVersion,
        Subject = request.Subject,
        SubjectVersion = request.SubjectVersion,
    };

    internal static RecentRequest FromStored(StoredRequest message) => new(
        FromMessage(message.Request) ?? throw new InvalidDataException("a stored command has no id"),
        message.Index,
        Timestamps.FromNs(message.AtNs),
        new ActionOutcome(
            message.Refusal == 0 ? null : (RefusalKind)(message.Refusal - 1), message.Message, message.CurrentVersion),
        message.Subject,
        message.SubjectVersion);
}
