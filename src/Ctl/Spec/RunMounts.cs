using Swarm.Ctl.Cli;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Spec;

/// <summary>Docker's short forms of mounts: -v SOURCE:TARGET:OPTIONS and --tmpfs TARGET:OPTIONS.</summary>
internal static class RunMounts
{
    private static readonly string[] Propagations =
        ["private", "rprivate", "shared", "rshared", "slave", "rslave"];

    /// <summary>A source with a slash in front is a path of this node, another one a volume.</summary>
    internal static Mount Volume(string flag, string text)
    {
        var parts = text.Split(':');
        if (parts.Length > 3 || parts.Any(p => p.Length == 0))
        {
            throw new UsageException($"{flag} '{text}': write [SOURCE:]TARGET[:OPTIONS]");
        }

        var mount = new Mount { Type = Mount.Types.Type.Volume, Target = parts.Length > 1 ? parts[1] : parts[0] };
        if (parts.Length > 1)
        {
            mount.Source = parts[0].StartsWith('.') ? Path.GetFullPath(parts[0]) : parts[0];
            mount.Type = mount.Source.StartsWith('/') ? Mount.Types.Type.Bind : Mount.Types.Type.Volume;
        }

        foreach (var option in parts.Length > 2 ? parts[2].Split(',') : [])
        {
            Apply(flag, text, mount, option);
        }

        return mount;
    }

    internal static Mount Tmpfs(string flag, string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var mount = new Mount { Type = Mount.Types.Type.Tmpfs, Target = colon < 0 ? text : text[..colon] };
        foreach (var (key, value) in colon < 0 ? [] : KeyValues.List(text[(colon + 1)..]))
        {
            switch (key)
            {
                case "size":
                    mount.TmpfsSizeBytes = Units.Bytes($"{flag} size", value ?? "");
                    break;
                case "mode":
                    mount.TmpfsMode = Mounts.Octal(flag, value ?? "");
                    break;
                case "ro":
                    mount.ReadOnly = true;
                    break;
                // What a tmpfs is anyway.
                case "rw" or "nosuid" or "nodev":
                    break;
                default:
                    throw new UsageException($"{flag} '{text}': option '{key}' is not available; use size, mode or ro");
            }
        }

        return mount.Target.Length > 0
            ? mount
            : throw new UsageException($"{flag} '{text}': the target is required; write /path");
    }

    private static void Apply(string flag, string text, Mount mount, string option)
    {
        switch (option)
        {
            case "ro" or "readonly":
                mount.ReadOnly = true;
                break;
            case "rw":
                break;
            case "nocopy" when mount.Type == Mount.Types.Type.Volume:
                mount.Volume = new VolumeOptions { NoCopy = true };
                break;
            case var propagation when Propagations.Contains(propagation) && mount.Type == Mount.Types.Type.Bind:
                mount.BindPropagation = propagation;
                break;
            default:
                throw new UsageException(
                    $"{flag} '{text}': option '{option}' is not available; use ro, rw, nocopy (volumes) or a "
                    + "propagation (paths)");
        }
    }
}
