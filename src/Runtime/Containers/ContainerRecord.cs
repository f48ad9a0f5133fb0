using System.Text.Json;

namespace Swarm.Runtime.Containers;

/// <summary>
/// What survives a crash of the daemon; a directory without a record is a creation that never finished.
/// </summary>
internal sealed record ContainerRecord
{
    public required string Id { get; init; }

    /// <summary>Boot during which the processes below were started.</summary>
    public required string BootId { get; init; }

    public required ProcessIdentity Monitor { get; init; }

    public required ProcessIdentity Init { get; init; }

    public required string CgroupPath { get; init; }

    public required string StopSignal { get; init; }

    public required TimeSpan StopGrace { get; init; }

    public required LogLimits Log { get; init; }

    public bool OneOff { get; init; }

    public IdRange? UserRange { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public ContainerExit? Exit { get; init; }

    internal void Save(ContainerDirectory directory) =>
        DurableFile.Replace(directory.Record, JsonSerializer.SerializeToUtf8Bytes(this));

    /// <summary>Null when there is none or it cannot be read (then the container was never complete).</summary>
    internal static ContainerRecord? TryLoad(ContainerDirectory directory, Action<string> log)
    {
        if (!File.Exists(directory.Record))
            return null;
        try
        {
            return JsonSerializer.Deserialize<ContainerRecord>(File.ReadAllBytes(directory.Record));
        }
        catch (JsonException e)
        {
            log($"container record {directory.Record} cannot be read and is given up: {e.Message}");
            return null;
        }
    }
}
