using System.Globalization;
using Swarm.Ctl.Cli;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Spec;

/// <summary>--ulimit name=soft[:hard] and --sysctl name=value.</summary>
internal static class Limits
{
    /// <summary>One number is soft and hard limit at once; -1 is none.</summary>
    internal static Ulimit Ulimit(string flag, string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        var numbers = equals > 0 ? text[(equals + 1)..].Split(':') : [];
        return numbers.Length is 1 or 2
            ? new Ulimit
            {
                Name = text[..equals].ToLowerInvariant(),
                Soft = Number(flag, text, numbers[0]),
                Hard = Number(flag, text, numbers[^1]),
            }
            : throw Bad(flag, text);
    }

    internal static (string Name, string Value) Sysctl(string flag, string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        return equals > 0
            ? (text[..equals], text[(equals + 1)..])
            : throw new UsageException(
                $"{flag} '{text}': not a sysctl; write name=value, like net.core.somaxconn=1024");
    }

    private static long Number(string flag, string text, string number) =>
        long.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var limit)
            ? limit
            : throw Bad(flag, text);

    private static UsageException Bad(string flag, string text) =>
        new($"{flag} '{text}': not a ulimit; write name=soft[:hard], like nofile=1024:2048");
}
