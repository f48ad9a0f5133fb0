using System.Globalization;
using Google.Protobuf.Collections;
using Swarm.Ctl.Cli;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Spec;

/// <summary>
/// --secret and --config in their short and long form. A reference has no id until <see cref="MissingIds"/> were looked
/// up on a manager: names are for people, and a name may be given again to something else.
/// </summary>
internal static class PayloadFlags
{
    private const uint LargestMode = 0xFFF;

    internal static void Create(ContainerSpec container, FlagValues flags)
    {
        container.Secrets.Add(flags.All("secret", s => Parse("--secret", s)));
        container.Configs.Add(flags.All("config", c => Parse("--config", c)));
    }

    internal static void Change(ContainerSpec container, FlagValues flags)
    {
        Change(PayloadKind.Secret, container.Secrets, flags);
        Change(PayloadKind.Config, container.Configs, flags);
    }

    /// <summary>NAME, or source=NAME with target, uid, gid and mode.</summary>
    internal static PayloadReference Parse(string flag, string text)
    {
        var reference = new PayloadReference();
        if (!text.Contains('=', StringComparison.Ordinal))
        {
            reference.Name = text;
        }
        else
        {
            foreach (var (key, value) in KeyValues.List(text))
            {
                Set(reference, flag, text, key, value ?? "");
            }
        }

        return reference.Name.Length > 0
            ? reference
            : throw new UsageException($"{flag} '{text}': source is required; write NAME or source=NAME,target=…");
    }

    /// <summary>References whose id is not known yet, with the kind that they are of.</summary>
    internal static IEnumerable<(PayloadKind Kind, PayloadReference Reference)> MissingIds(ServiceSpec spec) =>
        (spec.Task?.Container).Payloads().Where(p => p.Reference.Id.Length == 0);

    /// <summary>Ids are nobody's fault before a manager was asked for them.</summary>
    internal static void Pretend(ServiceSpec spec)
    {
        foreach (var (_, reference) in MissingIds(spec).ToList())
        {
            reference.Id = "unknown";
        }
    }

    private static void Change(PayloadKind kind, RepeatedField<PayloadReference> stored, FlagValues flags)
    {
        var add = flags.All($"{kind.Word()}-add", t => Parse($"--{kind.Word()}-add", t));
        var gone = flags.All($"{kind.Word()}-rm").ToHashSet(StringComparer.Ordinal);
        var replaced = add.Select(a => PayloadRules.PathOf(kind, a)).ToHashSet(StringComparer.Ordinal);
        SpecEdits.Replace(
            stored,
            stored.Where(s => !gone.Contains(s.Name) && !replaced.Contains(PayloadRules.PathOf(kind, s))).Concat(add));
    }

    private static void Set(PayloadReference reference, string flag, string text, string key, string value)
    {
        switch (key)
        {
            case "source" or "src":
                reference.Name = value;
                break;
            case "target":
                reference.Target = value;
                break;
            case "uid":
                reference.Uid = value;
                break;
            case "gid":
                reference.Gid = value;
                break;
            case "mode":
                reference.Mode = Octal(flag, value);
                break;
            default:
                throw new UsageException(
                    $"{flag} '{text}': field '{key}' is unknown; use source, target, uid, gid, mode");
        }
    }

    private static uint Octal(string flag, string text)
    {
        var mode = 0u;
        foreach (var c in text)
        {
            mode = c is >= '0' and <= '7' && mode <= LargestMode ? (mode << 3) | (uint)(c - '0') : uint.MaxValue;
        }

        return text.Length > 0 && mode <= LargestMode
            ? mode
            : throw new UsageException(string.Create(
                CultureInfo.InvariantCulture, $"{flag} mode '{text}': not an octal mode; write 0444 or 0400"));
    }
}
