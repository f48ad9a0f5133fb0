using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using Swarm.Rpc;
using Swarm.Store;

namespace Swarm.Manager.Control;

/// <summary>Whose command a request is, from its field `request_id`.</summary>
internal static class RequestMarks
{
    private const string FieldName = "request_id";

    /// <summary>Null when the request has no id: then it may act each time it comes.</summary>
    /// <exception cref="RpcException">The id has another length.</exception>
    internal static RequestMark? Of(string method, IMessage request)
    {
        if (request.Descriptor.FindFieldByName(FieldName)?.Accessor.GetValue(request) is not ByteString
            { Length: > 0 } bytes)
        {
            return null;
        }

        return RequestId.TryRead(bytes.Span, 0, out var id)
            ? new RequestMark(id, Digest(method, request))
            : throw new RpcException(
                RpcStatusCode.InvalidArgument,
                $"request_id has {bytes.Length} bytes; it is {RequestId.Bytes}: 16 of the client, 8 of a number");
    }

    /// <summary>Of what is asked; equal requests have equal ones, whatever order their labels came in.</summary>
    private static UInt128 Digest(string method, IMessage request)
    {
        using var buffer = new MemoryStream();
        buffer.Write(Encoding.UTF8.GetBytes(method));
        using (var output = new CodedOutputStream(buffer, leaveOpen: true) { Deterministic = true })
        {
            request.WriteTo(output);
        }

        var hash = SHA256.HashData(buffer.GetBuffer().AsSpan(0, (int)buffer.Length));
        return BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }
}
