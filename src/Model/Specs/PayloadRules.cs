using System.Globalization;
using System.Text.RegularExpressions;
using Swarm.Protocol.V1;

namespace Swarm.Model;

/// <summary>The rules of secrets and configs, and of the files that containers have them as (behaviour.md O).</summary>
public static partial class PayloadRules
{
    /// <summary>A secret is smaller than this, in bytes (docker's 500 KiB).</summary>
    public const int SecretBytesLimit = 500 * 1024;

    /// <summary>A config is smaller than this, in bytes (docker's 1000 KiB).</summary>
    public const int ConfigBytesLimit = 1000 * 1024;

    /// <summary>Longest name.</summary>
    public const int MaxNameChars = 64;

    /// <summary>Labels of one of them, in characters; log entries bound it together with the data.</summary>
    public const int MaxLabelChars = 16 * 1024;

    /// <summary>Secrets, and configs, of one container.</summary>
    public const int MaxReferences = 100;

    /// <summary>Permission bits of a file unless said otherwise.</summary>
    public const uint DefaultMode = 0x124; // 0444

    private const uint LargestMode = 0x1FF; // 0777
    private const string SecretsFolder = "/run/secrets/";
    private const string Root = "/";

    private const string NameRule = "invalid name, only 64 [a-zA-Z0-9-_.] characters allowed, and the start and end "
        + "character must be [a-zA-Z0-9]";

    private static readonly string[] Forbidden = ["/proc", "/sys", "/dev"];

    /// <summary>Every fault of a new one; the data itself is in none of them.</summary>
    public static IReadOnlyList<SpecFault> Check(PayloadKind kind, PayloadSpec spec, int dataBytes)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var faults = new FaultCollector();
        if (kind is not (PayloadKind.Secret or PayloadKind.Config))
        {
            faults.Add("kind", $"{(int)kind}", "is unknown", "use secret or config");
        }

        Spec(spec, faults);
        var limit = kind == PayloadKind.Secret ? SecretBytesLimit : ConfigBytesLimit;
        if (dataBytes == 0 || dataBytes >= limit)
        {
            faults.Add(
                "data", $"{dataBytes} bytes", $"{kind.Word()} data must be larger than 0 and less than {limit} bytes",
                "split it, or put what is large into an image");
        }

        return faults.All;
    }

    /// <summary>Every fault of changed labels.</summary>
    public static IReadOnlyList<SpecFault> Check(PayloadSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var faults = new FaultCollector();
        Spec(spec, faults);
        return faults.All;
    }

    /// <summary>Where the file is in the container.</summary>
    public static string PathOf(PayloadKind kind, PayloadReference reference)
    {
        ArgumentNullException.ThrowIfNull(reference);
        var target = reference.Target.Length > 0 ? reference.Target : reference.Name;
        return target.StartsWith('/') ? target : (kind == PayloadKind.Secret ? SecretsFolder : Root) + target;
    }

    /// <summary>Its permission bits.</summary>
    public static uint ModeOrDefault(this PayloadReference reference) =>
        reference.HasMode ? reference.Mode : DefaultMode;

    /// <summary>Every reference of a container with its kind.</summary>
    public static IEnumerable<(PayloadKind Kind, PayloadReference Reference)> Payloads(this ContainerSpec? container) =>
        container is null
            ? []
            : container.Secrets.Select(r => (PayloadKind.Secret, r))
                .Concat(container.Configs.Select(r => (PayloadKind.Config, r)));

    internal static void Check(ContainerSpec spec, FaultCollector faults)
    {
        var taken = spec.Mounts.Select(m => m.Target).ToHashSet(StringComparer.Ordinal);
        List(PayloadKind.Secret, "secrets", spec.Secrets, taken, faults);
        List(PayloadKind.Config, "configs", spec.Configs, taken, faults);
    }

    private static void Spec(PayloadSpec spec, FaultCollector faults)
    {
        if (spec.Name.Length > MaxNameChars || !NameForm().IsMatch(spec.Name))
        {
            faults.Add("name", spec.Name, NameRule, "choose another name");
        }

        SpecValidator.Labels(spec.Labels, "labels", faults);
        if (spec.Labels.Sum(l => l.Key.Length + l.Value.Length) > MaxLabelChars)
        {
            faults.Add("labels", "", $"hold more than {MaxLabelChars} characters", "use fewer");
        }
    }

    private static void List(
        PayloadKind kind, string field, IReadOnlyList<PayloadReference> references, HashSet<string> taken,
        FaultCollector faults)
    {
        if (references.Count > MaxReferences)
        {
            faults.Add(field, $"{references.Count}", $"a container has {MaxReferences} at most", "use fewer");
        }

        for (var i = 0; i < references.Count; i++)
        {
            var under = faults.Under($"{field}[{i}]");
            if (references[i].Id.Length == 0 || references[i].Name.Length == 0)
            {
                under.Add("id", references[i].Name, $"a {kind.Word()} is named by its id and name", "look both up");
            }

            Target(kind, references[i], taken, under);
            Owner("uid", references[i].Uid, under);
            Owner("gid", references[i].Gid, under);
            if (references[i].ModeOrDefault() > LargestMode)
            {
                under.Add(
                    "mode", Convert.ToString(references[i].Mode, 8), "has more than permission bits", "use 0 to 0777");
            }
        }
    }

    private static void Target(
        PayloadKind kind, PayloadReference reference, HashSet<string> taken, FaultCollector faults)
    {
        var path = PathOf(kind, reference);
        if (path.Any(char.IsControl) || path[1..].Split('/').Any(part => part is "" or "." or ".."))
        {
            faults.Add(
                "target", reference.Target, "is not a clean path",
                "write it without control characters and empty, . or .. parts");
        }
        else if (Forbidden.Any(f => path == f || path.StartsWith(f + "/", StringComparison.Ordinal)))
        {
            faults.Add("target", reference.Target, "lies under /proc, /sys or /dev", "choose another target");
        }

        if (!taken.Add(path))
        {
            faults.Add("target", path, "duplicate mount point", "mount one thing at each target");
        }
    }

    private static void Owner(string field, string text, FaultCollector faults)
    {
        if (text.Length > 0 && !(int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _)))
        {
            faults.Add(field, text, "is no id", $"use a number from 0 to {int.MaxValue}");
        }
    }

    [GeneratedRegex(@"\A[a-zA-Z0-9](?:[a-zA-Z0-9-_.]*[a-zA-Z0-9])?\z", RegexOptions.NonBacktracking)]
    private static partial Regex NameForm();
}
