using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Swarm.Rpc;
using Swarm.Store;

namespace Swarm.Manager.Control;

/// <summary>Whose command a request of one method is, from its field `request_id`.</summary>
internal sealed class RequestMarks(string method, MessageDescriptor descriptor)
{
    private const string FieldName = "request_id";
    private const int MinBufferBytes = 64;

    /// <summary>As much as the library takes unasked, for a request of a hundred bytes as well.</summary>
    private const int MaxBufferBytes = 4096;

    private readonly FieldDescriptor? _field = descriptor.FindFieldByName(FieldName);

    /// <summary>Null when the request has no id: then it may act each time it comes.</summary>
    /// <exception cref="RpcException">The id has another length.</exception>
    internal RequestMark? Of(IMessage request)
    {
        if (_field?.Accessor.GetValue(request) is not ByteString { Length: > 0 } bytes)
        {
            return null;
        }

        return RequestId.TryRead(bytes.Span, 0, out var id)
            ? new RequestMark(id, Digest(request))
            : throw new RpcException(
                RpcStatusCode.InvalidArgument,
                $"request_id has {bytes.Length} bytes; it is {RequestId.Bytes}: 16 of the client, 8 of a number");
    }

    /// <summary>Of what is asked; equal requests have equal ones, whatever order their labels came in.</summary>
    private UInt128 Digest(IMessage request)
    {
        var size = request.CalculateSize();
        using var buffer = new MemoryStream(Encoding.UTF8.GetMaxByteCount(method.Length) + size);
        buffer.Write(Encoding.UTF8.GetBytes(method));
        var bufferBytes = Math.Clamp(size, MinBufferBytes, MaxBufferBytes);
        using (var output = new CodedOutputStream(buffer, bufferBytes, leaveOpen: true) { Deterministic = true })
        {
            request.WriteTo(output);
        }

        var hash = SHA256.HashData(buffer.GetBuffer().AsSpan(0, (int)buffer.Length));
        return BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }
}
