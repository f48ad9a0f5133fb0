using Swarm.Model;

namespace Swarm.Runtime.Volumes;

/// <summary>What a volume may be; names become directories of the host.</summary>
internal static class VolumeRules
{
    private const int MaxLabels = 256;
    private const int MaxTextChars = 4096;

    /// <summary>Null when it is a name; else what is wrong with it.</summary>
    internal static string? NameFault(string name) => VolumeMountRules.IsName(name)
        ? null
        : $"volume name \"{Printable.Value(name)}\" is invalid: 2 to {VolumeMountRules.MaxNameChars} characters of "
            + "[a-zA-Z0-9_.-], the first one a letter or digit; for a directory of the host use an absolute path";

    /// <summary>Null when it is a path within a volume; else what is wrong with it.</summary>
    internal static string? SubpathFault(string path) => VolumeMountRules.IsSubpath(path)
        ? null
        : $"volume subpath \"{Printable.Value(path)}\" must be a relative path without \".\", \"..\" and empty parts";

    /// <exception cref="VolumeException">It cannot be.</exception>
    internal static void Check(VolumeSpec spec)
    {
        if (spec.Name.Length > 0 && NameFault(spec.Name) is { } fault)
            throw VolumeException.Invalid(fault);
        if (spec.Driver is not ("" or Volume.LocalDriver))
        {
            throw VolumeException.Invalid(
                $"volume driver \"{Printable.Value(spec.Driver)}\" is not there: nodes have the driver local only");
        }

        if (spec.Labels.Count > MaxLabels
            || spec.Labels.Any(static l => l.Key.Length is 0 or > MaxTextChars || l.Value.Length > MaxTextChars))
        {
            throw VolumeException.Invalid(
                $"a volume has at most {MaxLabels} labels, each with a name, of at most {MaxTextChars} characters");
        }

        _ = VolumeMount.Of(spec.Options);
    }
}
