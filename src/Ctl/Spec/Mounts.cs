using System.Globalization;
using Swarm.Ctl.Cli;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Spec;

/// <summary>--mount type=bind,source=…,target=…,readonly and --mount type=tmpfs,target=….</summary>
internal static class Mounts
{
    internal static Mount Parse(string flag, string text)
    {
        var mount = new Mount();
        var type = "volume";
        foreach (var (key, value) in KeyValues.List(text))
        {
            switch (key)
            {
                case "type":
                    type = value ?? "";
                    break;
                case "source" or "src":
                    mount.Source = value ?? "";
                    break;
                case "target" or "dst" or "destination":
                    mount.Target = value ?? "";
                    break;
                case "readonly" or "ro":
                    mount.ReadOnly = KeyValues.IsOn(flag, key, value);
                    break;
                case "bind-propagation":
                    mount.BindPropagation = value ?? "";
                    break;
                case "tmpfs-size":
                    mount.TmpfsSizeBytes = Units.Bytes($"{flag} tmpfs-size", value ?? "");
                    break;
                case "tmpfs-mode":
                    mount.TmpfsMode = Octal(flag, value ?? "");
                    break;
                default:
                    throw new UsageException(
                        $"{flag} '{text}': field '{key}' is not available in this version; use type, source, target, "
                        + "readonly, bind-propagation, tmpfs-size, tmpfs-mode");
            }
        }

        mount.Type = type switch
        {
            "bind" => Mount.Types.Type.Bind,
            "tmpfs" => Mount.Types.Type.Tmpfs,
            "volume" or "image" or "cluster" or "npipe" => throw new CtlException(
                ExitCode.Refused,
                $"{flag} '{text}': type '{type}' is not available in this version; use bind or tmpfs"),
            _ => throw new UsageException($"{flag} '{text}': type '{type}' is unknown; use bind or tmpfs"),
        };
        if (mount.Type != Mount.Types.Type.Tmpfs && (mount.TmpfsSizeBytes > 0 || mount.TmpfsMode > 0))
        {
            throw new UsageException(
                $"{flag} '{text}': cannot mix 'tmpfs-*' options with mount type '{type}'; leave them out");
        }

        return mount.Target.Length > 0
            ? mount
            : throw new UsageException($"{flag} '{text}': the target is required; write target=/path");
    }

    private static uint Octal(string flag, string text)
    {
        var mode = 0u;
        foreach (var c in text)
        {
            if (c is < '0' or > '7' || mode > 0xFFF)
            {
                throw new UsageException(string.Create(
                    CultureInfo.InvariantCulture,
                        $"{flag} tmpfs-mode '{text}': not an octal mode; write 1777 or 0700"));
            }

            mode = (mode << 3) | (uint)(c - '0');
        }

        return mode;
    }
}
