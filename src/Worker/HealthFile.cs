using System.Text.Json;
using Swarm.Worker.Core;

namespace Swarm.Worker;

/// <summary>
/// The plan and state of one task's health checks, so that a restarted daemon goes on where the one before it was. No
/// output stands in it, and it is not forced to the disk: the container does not outlive the host either.
/// </summary>
internal sealed record HealthFile(HealthPlan Plan, HealthState State)
{
    private const string Name = "health.json";

    /// <summary>Null when the task is not checked, or is not there.</summary>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    internal static HealthFile? Load(string taskDirectory)
    {
        var path = Path.Combine(taskDirectory, Name);
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize<HealthFile>(File.ReadAllBytes(path));
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path} cannot be read: {e.Message}; delete it and update the service", e);
        }
    }

    internal void Save(string taskDirectory)
    {
        var path = Path.Combine(taskDirectory, Name);
        File.WriteAllBytes(path + ".next", JsonSerializer.SerializeToUtf8Bytes(this));
        File.SetUnixFileMode(path + ".next", UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.Move(path + ".next", path, overwrite: true);
    }

    internal static void Delete(string taskDirectory)
    {
        if (Directory.Exists(taskDirectory))
        {
            File.Delete(Path.Combine(taskDirectory, Name));
        }
    }
}
