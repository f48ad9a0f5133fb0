using System.Buffers.Binary;

namespace Swarm.Store;

/// <summary>Names one command of one client, and within it one of the entries that it makes.</summary>
/// <param name="Client">Random, 16 bytes: one run of a client.</param>
/// <param name="Sequence">Counts the commands of that client.</param>
/// <param name="Step">Which entry of the command: kind of its action and ordinal among those of that kind.</param>
public readonly record struct RequestId(UInt128 Client, ulong Sequence, uint Step) : IComparable<RequestId>
{
    /// <summary>Size of client and sequence as they travel.</summary>
    public const int Bytes = 24;

    /// <summary>From what travels, big-endian; false unless it is <see cref="Bytes"/> long.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, uint step, out RequestId id)
    {
        id = bytes.Length == Bytes
            ? new RequestId(
                BinaryPrimitives.ReadUInt128BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]), step)
            : default;
        return bytes.Length == Bytes;
    }

    /// <summary>Client and sequence as they travel.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[Bytes];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, Client);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(16), Sequence);
        return bytes;
    }

    /// <inheritdoc/>
    public int CompareTo(RequestId other) =>
        (Client, Sequence, Step).CompareTo((other.Client, other.Sequence, other.Step));
}

/// <summary>A command in the log: its id and what it asks for.</summary>
/// <param name="Digest">Hash of what was asked: the same id with another digest is refused.</param>
public sealed record RequestMark(RequestId Id, UInt128 Digest);

/// <summary>A command that is in the state, and what became of it.</summary>
/// <param name="Mark">Which.</param>
/// <param name="Index">Where it stands in the log.</param>
/// <param name="At">Leader's clock.</param>
/// <param name="Outcome">Applied, or why not.</param>
/// <param name="Subject">Id of the object that it was about.</param>
/// <param name="SubjectVersion">Version of that object afterwards; 0 when there was none.</param>
public sealed record RecentRequest(
    RequestMark Mark, ulong Index, DateTimeOffset At, ActionOutcome Outcome, string Subject, ulong SubjectVersion);
