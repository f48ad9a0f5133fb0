using System.Globalization;
using Swarm.Protocol.V1;

namespace Swarm.Model;

/// <summary>Rules of how logs are kept.</summary>
public static class LogRules
{
    /// <summary>Files of one log.</summary>
    public const int MostFiles = 100;

    private const long SmallestFileBytes = 64 * 1024;
    private const string Names = "json-file or local";

    /// <summary>Size of a log file: "10m", "512k", "1g" or bytes; null when it is none.</summary>
    public static long? Size(string text)
    {
        if (text.Length == 0)
        {
            return null;
        }

        var shift = char.ToLowerInvariant(text[^1]) switch { 'k' => 10, 'm' => 20, 'g' => 30, _ => 0 };
        var digits = shift == 0 ? text : text[..^1];
        return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number is > 0 and < 1L << 32
            ? number << shift
            : null;
    }

    internal static void Check(LogDriver? driver, FaultCollector faults)
    {
        if (driver is null)
        {
            return;
        }

        if (driver.Name is not ("json-file" or "local"))
        {
            faults.Add("name", driver.Name, "this log driver is not in this version", "use " + Names);
        }

        foreach (var (key, value) in driver.Options.OrderBy(o => o.Key, StringComparer.Ordinal))
        {
            switch (key)
            {
                case "max-size" when Size(value) is not >= SmallestFileBytes:
                    faults.Add("options[max-size]", value, "is no size of 64k or more", "write 10m");
                    break;
                case "max-file" when !int.TryParse(
                    value, NumberStyles.None, CultureInfo.InvariantCulture, out var files)
                    || files is < 1 or > MostFiles:
                    faults.Add("options[max-file]", value, $"is no number from 1 to {MostFiles}", "write 3");
                    break;
                case "max-size" or "max-file":
                    break;
                default:
                    faults.Add($"options[{key}]", value, "this log option is not in this version",
                        "use max-size and max-file");
                    break;
            }
        }
    }
}
