using System.Text.Json;

namespace Swarm.Runtime.Containers;

/// <summary>
/// The specification beside the record, for those who ask about a container, also when it has ended. What is in the
/// bundle stands here too, so it has the same protection: a file of 0600 in a directory of 0700.
/// </summary>
internal static class ContainerSpecFile
{
    internal static void Save(ContainerDirectory directory, ContainerSpec spec)
    {
        File.WriteAllBytes(directory.Spec, JsonSerializer.SerializeToUtf8Bytes(spec));
        File.SetUnixFileMode(directory.Spec, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    /// <summary>Null for one that an older program made, or that is gone.</summary>
    internal static ContainerSpec? TryLoad(ContainerDirectory directory)
    {
        try
        {
            return JsonSerializer.Deserialize<ContainerSpec>(File.ReadAllBytes(directory.Spec));
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return null;
        }
    }
}
