using System.Globalization;

namespace Swarm.RoutingMesh.Setup;

/// <summary>Reads and writes /proc/sys/net of the namespace that the calling thread is in.</summary>
internal static class KernelSettings
{
    private const string Root = "/proc/sys/net/";

    /// <summary>Writes a value unless it is there already; true when it had to be changed.</summary>
    public static bool Set(string key, string value)
    {
        var path = Root + key;
        try
        {
            if (Normal(File.ReadAllText(path)) == value)
                return false;
            File.WriteAllText(path, value);
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new MeshException($"set {key} to {value}: {failure.Message}", failure);
        }
    }

    public static bool Set(string key, int value) => Set(key, value.ToString(CultureInfo.InvariantCulture));

    /// <summary>As <see cref="Set(string, string)"/>, where the kernel has such a setting at all.</summary>
    public static bool SetIfPresent(string key, int value) => File.Exists(Root + key) && Set(key, value);

    private static string Normal(string text) => string.Join(' ', text.Split((char[]?)null,
        StringSplitOptions.RemoveEmptyEntries));
}
