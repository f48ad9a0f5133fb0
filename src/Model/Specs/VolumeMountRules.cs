using Swarm.Protocol.V1;

namespace Swarm.Model;

/// <summary>Rules of volumes in a container; the node that makes one has the last word on its options.</summary>
public static class VolumeMountRules
{
    /// <summary>A name becomes a directory.</summary>
    public const int MaxNameChars = 255;
    private const int MaxSubpathChars = 4095;
    private static readonly string[] Options = ["type", "device", "o"];

    /// <summary>2 to 255 characters of [a-zA-Z0-9_.-], the first one a letter or digit.</summary>
    public static bool IsName(string name) =>
        name.Length is >= 2 and <= MaxNameChars && char.IsAsciiLetterOrDigit(name[0])
        && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-');

    /// <summary>Relative, without ".", ".." and empty parts.</summary>
    public static bool IsSubpath(string path) =>
        path.Length <= MaxSubpathChars && !path.StartsWith('/') && !path.Contains('\0')
        && path.Split('/').All(static part => part is not ("" or "." or ".."));

    internal static void Check(Mount mount, string field, FaultCollector faults)
    {
        if (mount.Source.Length > 0 && !mount.Source.Contains("{{", StringComparison.Ordinal) && !IsName(mount.Source))
        {
            faults.Add(
                field + ".source", mount.Source, "is not a volume name",
                "use 2 to 255 of [a-zA-Z0-9_.-], a letter or digit first, or type=bind for a path");
        }

        if (mount.Volume is not { } volume)
        {
            return;
        }

        if (volume.Subpath.Length > 0 && (!IsSubpath(volume.Subpath) || mount.Source.Length == 0))
        {
            faults.Add(
                field + ".subpath", volume.Subpath, "is not a path within a named volume",
                "write a relative path without .. parts");
        }

        if (volume.Driver is not ("" or "local"))
        {
            faults.Add(field + ".driver", volume.Driver, "nodes do not have this volume driver", "use local");
        }

        SpecValidator.Labels(volume.Labels, field + ".labels", faults);
        foreach (var option in volume.DriverOptions.Keys.Where(k => !Options.Contains(k)).Order(StringComparer.Ordinal))
        {
            faults.Add(field + ".options", option, "is no option of the driver local", "use type, device and o");
        }
    }
}
