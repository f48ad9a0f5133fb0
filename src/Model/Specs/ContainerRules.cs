using Swarm.Protocol.V1;

namespace Swarm.Model;

/// <summary>Rules of what a container is made of.</summary>
internal static class ContainerRules
{
    private const int MaxEnvChars = 32 * 1024;
    private const int MaxImageChars = 512;
    private const int MaxHostnameChars = 63;
    private const int MaxUserChars = 128;
    private const int MaxMounts = 256;

    /// <summary>Words of the command and its arguments, and variables, each.</summary>
    private const int MaxWords = 4096;

    private static readonly string[] Forbidden = ["/proc", "/sys", "/dev"];
    private static readonly string[] Propagations =
        ["", "private", "rprivate", "shared", "rshared", "slave", "rslave"];

    internal static void Check(ContainerSpec? spec, FaultCollector faults)
    {
        if (spec is null || spec.Image.Length == 0)
        {
            faults.Add("image", "", "image reference must be provided", "name an image, host/name:tag");
            return;
        }

        Image(spec.Image, faults);
        Env(spec, faults);
        Count(spec, faults);
        Templates(spec, faults);
        SpecValidator.Labels(spec.Labels, "labels", faults);
        Process(spec, faults);
        Mounts(spec, faults);
        KernelRules.Check(spec, faults);
        PayloadRules.Check(spec, faults);
        HealthRules.Check(spec.Health, faults.Under("health"));
    }

    private static void Image(string image, FaultCollector faults)
    {
        if (image.Length > MaxImageChars || !ImageNames.IsValid(image))
        {
            faults.Add(
                "image", image, "is not a valid repository/tag",
                "write [host[:port]/]name[:tag][@sha256:digest], the name in lower case");
        }
    }

    private static void Env(ContainerSpec spec, FaultCollector faults)
    {
        for (var i = 0; i < spec.Env.Count; i++)
        {
            var env = spec.Env[i];
            if (env.Length == 0 || env[0] == '=' || env.Contains('\0'))
            {
                faults.Add($"env[{i}]", env, "invalid environment variable", "write NAME=value");
            }
            else if (env.Length > MaxEnvChars)
            {
                faults.Add($"env[{i}]", env, $"has more than {MaxEnvChars} characters", "put large data into a file");
            }
        }
    }

    /// <summary>What the node would expand, tried here so that a typing mistake is told at once.</summary>
    private static void Templates(ContainerSpec spec, FaultCollector faults)
    {
        TemplateText.Check(spec.Hostname, "hostname", faults);
        for (var i = 0; i < spec.Env.Count; i++)
        {
            TemplateText.Check(spec.Env[i], $"env[{i}]", faults);
        }

        for (var i = 0; i < spec.Mounts.Count; i++)
        {
            TemplateText.Check(spec.Mounts[i].Source, $"mounts[{i}].source", faults);
            TemplateText.Check(spec.Mounts[i].Target, $"mounts[{i}].target", faults);
        }
    }

    private static void Count(ContainerSpec spec, FaultCollector faults)
    {
        foreach (var (field, count, most) in new[]
        {
            ("env", spec.Env.Count, MaxWords), ("args", spec.Command.Count + spec.Args.Count, MaxWords),
            ("mounts", spec.Mounts.Count + spec.Secrets.Count + spec.Configs.Count, MaxMounts),
        })
        {
            if (count > most)
            {
                faults.Add(field, $"{count}", $"there are {most} at most", "use fewer, or a file");
            }
        }

        foreach (var word in spec.Command.Concat(spec.Args).Where(w => w.Contains('\0')).Take(1))
        {
            faults.Add("args", word, "holds a NUL character", "leave it out");
        }
    }

    private static void Process(ContainerSpec spec, FaultCollector faults)
    {
        if (spec.Workdir.Length > 0 && !IsCleanAbsolute(spec.Workdir))
        {
            faults.Add("workdir", spec.Workdir, "is not a clean absolute path", "write it from / without .. parts");
        }
        else if (Forbidden.Any(f => IsUnder(spec.Workdir, f)))
        {
            faults.Add("workdir", spec.Workdir, "lies under /proc, /sys or /dev", "choose another directory");
        }

        if (spec.Hostname.Length > 0 && !spec.Hostname.Contains("{{", StringComparison.Ordinal)
            && (spec.Hostname.Length > MaxHostnameChars
                || !spec.Hostname.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.')))
        {
            faults.Add("hostname", spec.Hostname, "is not a host name", "use letters, digits, - and . (63 at most)");
        }

        if (spec.User.Length > MaxUserChars || spec.User.Any(char.IsControl))
        {
            faults.Add("user", spec.User, "is not a user", "write name, uid, name:group or uid:gid");
        }

        if (spec.StopSignal.Length > 0 && !Signals.TryParse(spec.StopSignal, out _))
        {
            faults.Add("stop_signal", spec.StopSignal, "is no signal", "use a name like SIGTERM or a number 1-64");
        }

        faults.NotNegative("stop_grace_period", spec.HasStopGracePeriodNs ? spec.StopGracePeriodNs : 0);
    }

    private static void Mounts(ContainerSpec spec, FaultCollector faults)
    {
        var targets = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < spec.Mounts.Count; i++)
        {
            var mount = spec.Mounts[i];
            var field = $"mounts[{i}]";
            if (mount.Target.Length == 0)
            {
                faults.Add(field + ".target", "", "the target is missing", "write target=/path");
            }
            else if (!IsCleanAbsolute(mount.Target) || mount.Target == "/")
            {
                faults.Add(field + ".target", mount.Target, "is not a clean absolute path",
                    "write the path in the container from /");
            }
            else if (Forbidden.Any(f => IsUnder(mount.Target, f)) && mount.Target != "/dev/shm")
            {
                faults.Add(field + ".target", mount.Target, "lies under /proc, /sys or /dev", "choose another target");
            }

            if (!targets.Add(mount.Target))
            {
                faults.Add(field + ".target", mount.Target, "duplicate mount point", "mount one thing at each target");
            }

            Source(mount, field, faults);
        }
    }

    private static void Source(Mount mount, string field, FaultCollector faults)
    {
        switch (mount.Type)
        {
            case Mount.Types.Type.Bind when !IsCleanAbsolute(mount.Source):
                faults.Add(
                    field + ".source", mount.Source, "invalid bind mount source, must be an absolute path",
                    "write the path on the node from /");
                break;
            case Mount.Types.Type.Tmpfs when mount.Source.Length > 0:
                faults.Add(field + ".source", mount.Source, "a tmpfs has no source", "leave it out");
                break;
            case Mount.Types.Type.Volume:
                VolumeMountRules.Check(mount, field, faults);
                break;
            case Mount.Types.Type.Bind or Mount.Types.Type.Tmpfs:
                break;
            default:
                faults.Add(field + ".type", mount.Type.ToString(), "is not known here", "use volume, bind or tmpfs");
                break;
        }

        if (!Propagations.Contains(mount.BindPropagation))
        {
            faults.Add(field
                + ".bind_propagation", mount.BindPropagation, "is unknown", "use rprivate, rshared, rslave …");
        }

        if (mount.TmpfsSizeBytes < 0)
        {
            faults.Add(field + ".tmpfs_size", $"{mount.TmpfsSizeBytes}", "is negative", "use a size in bytes");
        }
    }

    private static bool IsCleanAbsolute(string path) =>
        path.StartsWith('/') && !path.Any(char.IsControl)
        && !path.Split('/').Any(part => part is ".." or ".");

    private static bool IsUnder(string path, string parent) =>
        path == parent || path.StartsWith(parent + "/", StringComparison.Ordinal);
}
