using System.Globalization;
using Swarm.Ctl.Cli;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Spec;

/// <summary>--mount type=volume|bind|tmpfs,source=…,target=…,readonly, and -v SOURCE:TARGET[:OPTIONS].</summary>
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
                    Volume(flag, text, mount, key, value);
                    break;
            }
        }

        mount.Type = type switch
        {
            "bind" => Mount.Types.Type.Bind,
            "tmpfs" => Mount.Types.Type.Tmpfs,
            "volume" => Mount.Types.Type.Volume,
            "image" or "cluster" or "npipe" => throw new CtlException(
                ExitCode.Refused,
                $"{flag} '{text}': type '{type}' is not available in this version; use volume, bind or tmpfs"),
            _ => throw new UsageException($"{flag} '{text}': type '{type}' is unknown; use volume, bind or tmpfs"),
        };
        Fits(flag, text, mount, type);
        return mount.Target.Length > 0
            ? mount
            : throw new UsageException($"{flag} '{text}': the target is required; write target=/path");
    }

    /// <summary>What only volumes have.</summary>
    private static void Volume(string flag, string text, Mount mount, string key, string? value)
    {
        var volume = mount.Volume ??= new VolumeOptions();
        switch (key)
        {
            case "volume-nocopy":
                volume.NoCopy = KeyValues.IsOn(flag, key, value);
                break;
            case "volume-subpath":
                volume.Subpath = value ?? "";
                break;
            case "volume-label":
                var (label, text1) = KeyValues.Split($"{flag} {key}", value ?? "");
                volume.Labels[label] = text1;
                break;
            case "volume-driver":
                volume.Driver = value ?? "";
                break;
            case "volume-opt":
                var (option, text2) = KeyValues.Split($"{flag} {key}", value ?? "");
                volume.DriverOptions[option] = text2;
                break;
            default:
                throw new UsageException(
                    $"{flag} '{text}': field '{key}' is not available in this version; use type, source, target, "
                    + "readonly, bind-propagation, tmpfs-size, tmpfs-mode, volume-nocopy, volume-subpath, "
                    + "volume-label, volume-driver, volume-opt");
        }
    }

    private static void Fits(string flag, string text, Mount mount, string type)
    {
        if (mount.Type != Mount.Types.Type.Tmpfs && (mount.TmpfsSizeBytes > 0 || mount.TmpfsMode > 0))
        {
            throw new UsageException(
                $"{flag} '{text}': cannot mix 'tmpfs-*' options with mount type '{type}'; leave them out");
        }

        if (mount.Type != Mount.Types.Type.Volume && mount.Volume is not null)
        {
            throw new UsageException(
                $"{flag} '{text}': cannot mix 'volume-*' options with mount type '{type}'; leave them out");
        }

        if (mount.Type != Mount.Types.Type.Bind && mount.BindPropagation.Length > 0)
        {
            throw new UsageException(
                $"{flag} '{text}': cannot mix 'bind-propagation' with mount type '{type}'; leave it out");
        }
    }

    internal static uint Octal(string flag, string text)
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
