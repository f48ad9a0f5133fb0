using System.Globalization;
using System.Text.RegularExpressions;

namespace Swarm.Manager.Tests;

/// <summary>Reads Prometheus' text format as strictly as a scraper does.</summary>
internal static partial class Scrape
{
    internal static Dictionary<string, double> Parse(string text)
    {
        var samples = new Dictionary<string, double>();
        var types = new Dictionary<string, string>();
        Assert.EndsWith("\n", text);
        foreach (var line in text.TrimEnd('\n').Split('\n'))
        {
            if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
            {
                var words = line.Split(' ');
                Assert.Contains(words[3], new[] { "gauge", "counter", "histogram" });
                Assert.True(types.TryAdd(words[2], words[3]), $"{words[2]} twice");
                continue;
            }

            if (line.StartsWith("# HELP ", StringComparison.Ordinal))
            {
                continue;
            }

            var match = Sample().Match(line);
            Assert.True(match.Success, line);
            Assert.True(samples.TryAdd(
                match.Groups["series"].Value,
                double.Parse(match.Groups["value"].Value.Replace("+Inf", "Infinity", StringComparison.Ordinal),
                    CultureInfo.InvariantCulture)), $"{line} twice");
            var name = match.Groups["name"].Value;
            Assert.Contains(types.Keys, t => name == t
                || (types[t] == "histogram" && name.StartsWith(t + "_", StringComparison.Ordinal)));
            Assert.Equal(
                types.GetValueOrDefault(name) == "counter", name.EndsWith("_total", StringComparison.Ordinal));
        }

        foreach (var histogram in types.Where(t => t.Value == "histogram").Select(t => t.Key))
        {
            Assert.Equal(samples[histogram + "_count"], samples[histogram + "_bucket{le=\"+Inf\"}"]);
        }

        return samples;
    }

    [GeneratedRegex("^(?<series>(?<name>[a-z_][a-z0-9_]*)(\\{[a-z_]+=\"[^\"\\\\]*\"\\})?) (?<value>\\S+)$")]
    private static partial Regex Sample();
}
