using System.Globalization;
using System.Text;

namespace Swarm.Ctl.Format;

/// <summary>Durations and sizes as docker prints them.</summary>
internal static class Spans
{
    /// <summary>Go's duration form: "1m30s", "500ms", "0s".</summary>
    internal static string Go(long ns)
    {
        if (ns == 0)
        {
            return "0s";
        }

        if (ns < 1_000_000_000)
        {
            return ns >= 1_000_000 ? Plain(ns / 1e6) + "ms" : ns >= 1_000 ? Plain(ns / 1e3) + "µs" : Plain(ns) + "ns";
        }

        var text = new StringBuilder();
        var seconds = ns / 1e9;
        var hours = (long)(seconds / 3600);
        var minutes = (long)(seconds % 3600 / 60);
        if (hours > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"{hours}h");
        }

        if (hours > 0 || minutes > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"{minutes}m");
        }

        return text.Append(Plain(seconds % 60)).Append('s').ToString();
    }

    /// <summary>"64MiB", "23.54GiB".</summary>
    internal static string Bytes(long bytes)
    {
        string[] units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
        var value = (double)bytes;
        var unit = 0;
        for (; value >= 1024 && unit < units.Length - 1; unit++)
        {
            value /= 1024;
        }

        var digits = Math.Max(0, 3 - (int)Math.Floor(Math.Log10(Math.Max(value, 1))));
        return Math.Round(value, digits).ToString("0.###", CultureInfo.InvariantCulture) + units[unit];
    }

    /// <summary>Billionths of a CPU as a decimal.</summary>
    internal static string Cpus(long nano) => (nano / 1e9).ToString("0.#########", CultureInfo.InvariantCulture);

    private static string Plain(double value) => value.ToString("0.#########", CultureInfo.InvariantCulture);
}
