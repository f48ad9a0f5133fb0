using Microsoft.Win32.SafeHandles;

namespace Swarm.Runtime.Images;

/// <summary>
/// Extended attributes of an image: <c>security.capability</c> (file capabilities, which the container's own bounding
/// set limits) and <c>user.*</c> are kept. Everything else is left out: <c>trusted.overlay.*</c> would steer the
/// mount,
/// <c>security.*</c> and <c>system.*</c> belong to the host's policy.
/// </summary>
internal static class LayerAttributes
{
    private const string FileCapability = "security.capability";
    private const int MaxValueBytes = 64 * 1024;
    private const int MaxNameChars = 255;
    private const int EOPNOTSUPP = 95;

    internal static void Apply(SafeFileHandle file, TarEntry entry, EntryPath path, Action<string> note)
    {
        foreach (var (name, value) in entry.Attributes)
        {
            if (!IsKept(name) || value.Length > MaxValueBytes)
            {
                note($"attribute {NativeName.Show(NativeName.Of(name))} of {path.Shown} is left out");
                continue;
            }

            var errno = FileNative.SetAttribute(file, NativeName.Of(name), value);
            if (errno is EOPNOTSUPP or ImageNative.EINVAL)
                note($"attribute {name} of {path.Shown} is refused by the file system");
            else if (errno != 0)
                throw ImageNative.Failure("set attribute " + name + " of", path.Shown, errno);
        }
    }

    private static bool IsKept(string name) =>
        name == FileCapability
        || (name.StartsWith("user.", StringComparison.Ordinal)
            && !name.StartsWith("user.overlay.", StringComparison.Ordinal)
            && name.Length <= MaxNameChars && !name.Contains('\0'));
}
