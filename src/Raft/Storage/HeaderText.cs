using System.Buffers.Binary;
using System.Text;

namespace Swarm.Raft.Storage;

/// <summary>A short text in the header of a file: its length (2 bytes), then UTF-8.</summary>
internal static class HeaderText
{
    public static void Write(Span<byte> target, string text)
    {
        var length = Encoding.UTF8.GetBytes(text, target.Slice(sizeof(ushort), RaftLimits.MaxNameBytes));
        BinaryPrimitives.WriteUInt16LittleEndian(target, (ushort)length);
    }

    public static string Read(ReadOnlySpan<byte> bytes)
    {
        var length = Math.Min((int)BinaryPrimitives.ReadUInt16LittleEndian(bytes), RaftLimits.MaxNameBytes);
        return Encoding.UTF8.GetString(bytes.Slice(sizeof(ushort), length));
    }
}
