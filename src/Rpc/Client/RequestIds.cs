using System.Buffers.Binary;
using System.Security.Cryptography;
using Google.Protobuf;

namespace Swarm.Rpc;

/// <summary>Ids of requests: 16 random bytes of this client, 8 of a number that it counts up.</summary>
public sealed class RequestIds
{
    private const string PropertyName = "RequestId";
    private const int ClientBytes = 16;

    private readonly byte[] _client = RandomNumberGenerator.GetBytes(ClientBytes);
    private long _sequence;

    /// <summary>Gives a request an id of its own if it can have one and has none; false when it cannot.</summary>
    public bool TryMark(IMessage request)
    {
        ArgumentNullException.ThrowIfNull(request);
        // By the name of the generated property: a descriptor would have those of the whole file built.
        if (request.GetType().GetProperty(PropertyName, typeof(ByteString)) is not { } field)
        {
            return false;
        }

        if (((ByteString)field.GetValue(request)!).IsEmpty)
        {
            var id = new byte[ClientBytes + sizeof(ulong)];
            _client.CopyTo(id, 0);
            BinaryPrimitives.WriteInt64BigEndian(id.AsSpan(ClientBytes), Interlocked.Increment(ref _sequence));
            field.SetValue(request, UnsafeByteOperations.UnsafeWrap(id));
        }

        return true;
    }
}
