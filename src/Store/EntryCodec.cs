using System.Collections.Immutable;
using Google.Protobuf;
using Swarm.Protocol.V1;

namespace Swarm.Store;

/// <summary>
/// Entries as bytes of the Raft log. What a manager applies has to be what it decoded or an equal value: encoding
/// keeps times to 100 ns and specs byte for byte.
/// </summary>
public static class EntryCodec
{
    /// <summary>Encoded size of an entry, in bytes.</summary>
    public const int MaxEntryBytes = 4 << 20;

    /// <summary>Actions of one entry.</summary>
    public const int MaxActions = 20_000;

    /// <summary>The number of a kind of action in the log; part of the ids of commands.</summary>
    public static uint KindOf(StoreAction action) => (uint)ActionCodec.ToMessage(action).KindCase;

    /// <summary>Encodes.</summary>
    /// <exception cref="InvalidDataException">The entry is over a limit.</exception>
    public static byte[] Encode(StoreEntry entry)
    {
        if (entry.Actions.Length > MaxActions)
        {
            throw new InvalidDataException($"an entry has {entry.Actions.Length} actions, {MaxActions} is the limit");
        }

        if (entry.Request is not null && entry.Actions.Length != 1)
        {
            throw new InvalidDataException($"a command is one action, not {entry.Actions.Length}");
        }

        var message = new LogEntry
        {
            Format = StoreFormat.NeededBy(entry),
            AtNs = Timestamps.ToNs(entry.At),
            Request = RequestCodec.ToMessage(entry.Request),
            PlannedOn = entry.PlannedOn,
        };
        foreach (var action in entry.Actions)
        {
            message.Actions.Add(ActionCodec.ToMessage(action));
        }

        var size = message.CalculateSize();
        return size <= MaxEntryBytes
            ? message.ToByteArray()
            : throw new InvalidDataException($"an entry takes {size} bytes, {MaxEntryBytes} is the limit");
    }

    /// <summary>Decodes.</summary>
    /// <exception cref="InvalidDataException">These bytes are no entry that this program knows.</exception>
    public static StoreEntry Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > MaxEntryBytes)
        {
            throw new InvalidDataException($"an entry takes {bytes.Length} bytes, {MaxEntryBytes} is the limit");
        }

        LogEntry message;
        try
        {
            message = LogEntry.Parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new InvalidDataException($"a log entry cannot be read: {e.Message}", e);
        }

        if (message.Format is < StoreFormat.First or > StoreFormat.Newest)
        {
            throw new InvalidDataException(
                $"a log entry has format {message.Format}, this program knows {StoreFormat.First} to "
                + $"{StoreFormat.Newest}; use the newer program");
        }

        if (message.Actions.Count > MaxActions)
        {
            throw new InvalidDataException($"an entry has {message.Actions.Count} actions, {MaxActions} is the limit");
        }

        if (message.Request is not null && message.Actions.Count != 1)
        {
            throw new InvalidDataException($"a command is one action, not {message.Actions.Count}");
        }

        var actions = ImmutableArray.CreateBuilder<StoreAction>(message.Actions.Count);
        foreach (var action in message.Actions)
        {
            actions.Add(ActionCodec.FromMessage(action));
        }

        return new StoreEntry(Timestamps.FromNs(message.AtNs), actions.MoveToImmutable())
        {
            Request = RequestCodec.FromMessage(message.Request),
            PlannedOn = message.PlannedOn,
        };
    }
}
