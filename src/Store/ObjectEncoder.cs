using Google.Protobuf;

namespace Swarm.Store;

/// <summary>
/// Objects as frames, in one buffer that is used again and again: kind, fact, length, message. Maps are sorted, so
/// that equal objects have equal bytes whatever order their labels came in.
/// </summary>
internal sealed class ObjectEncoder
{
    private const int FirstBytes = 4096;
    private const int MaxHeaderBytes = 5 + 10 + 5;

    private byte[] _buffer = new byte[FirstBytes];

    /// <summary>Good until the next call.</summary>
    internal ReadOnlySpan<byte> Frame(StoredObject stored)
    {
        // Measuring takes as long as writing, so what does not fit is written twice instead.
        while (true)
        {
            try
            {
                var output = new CodedOutputStream(_buffer) { Deterministic = true };
                output.WriteEnum((int)stored.Kind);
                output.WriteInt64(stored.Fact);
                output.WriteMessage(stored.Message);
                return _buffer.AsSpan(0, (int)output.Position);
            }
            catch (CodedOutputStream.OutOfSpaceException)
            {
                _buffer = new byte[Math.Max(
                    MaxHeaderBytes + stored.Message.CalculateSize(), _buffer.Length * 2)];
            }
        }
    }
}
