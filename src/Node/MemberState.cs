using System.Text.Json;

namespace Swarm.Node;

/// <summary>What a member remembers besides its certificates: its addresses and its name in Raft.</summary>
internal sealed record MemberState
{
    /// <summary>HOST:PORT that other nodes dial; a worker's port is not listened on.</summary>
    public required string AdvertiseAddress { get; init; }

    /// <summary>HOST:PORT that a manager listens on.</summary>
    public required string ListenAddress { get; init; }

    /// <summary>0 on a worker.</summary>
    public ulong RaftId { get; init; }

    /// <summary>The name in Raft of a log that was gone at a start, until the others have taken this manager in under
    /// its new one: a disk may only have been late. 0 when there is none.</summary>
    public ulong LostRaftId { get; init; }

    /// <summary>A manager's log was begun (bootstrapped, or asked to join).</summary>
    public bool RaftStarted { get; init; }

    internal static MemberState? Load(string file) => File.Exists(file)
        ? JsonSerializer.Deserialize<MemberState>(File.ReadAllText(file))
        : null;

    /// <summary>Durable before it returns.</summary>
    internal void Save(string file) => DurableFile.Write(file, JsonSerializer.SerializeToUtf8Bytes(this));
}
