using System.Globalization;
using System.Text;
using Swarm.Raft;

namespace Swarm.Manager.Metrics;

/// <summary>Prometheus' text format 0.0.4. Names and labels are the program's own words, never what users wrote, so
/// the number of series is fixed.</summary>
internal sealed class MetricText
{
    internal const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly StringBuilder _text = new();

    internal void Gauge(string name, string help, double value) => One(name, "gauge", help, value);

    internal void Counter(string name, string help, double value) => One(name, "counter", help, value);

    /// <summary>One series for each value of a label.</summary>
    internal void Gauges(string name, string help, string label, IEnumerable<(string Value, double Number)> series) =>
        Family(name, "gauge", help, label, series);

    /// <summary>One series for each value of a label.</summary>
    internal void Counters(string name, string help, string label, IEnumerable<(string Value, double Number)> series) =>
        Family(name, "counter", help, label, series);

    internal void Histogram(string name, string help, Histogram histogram) =>
        Histogram(name, help, new LatencyPicture(histogram.Bounds, histogram.Counts, histogram.Sum));

    internal void Histogram(string name, string help, LatencyPicture picture)
    {
        Head(name, "histogram", help);
        var total = 0L;
        for (var i = 0; i < picture.Counts.Count; i++)
        {
            total += picture.Counts[i];
            var bound = i < picture.UpperSeconds.Count ? Number(picture.UpperSeconds[i]) : "+Inf";
            Line($"{name}_bucket{{le=\"{bound}\"}}", total);
        }

        Line(name + "_sum", picture.SumSeconds);
        Line(name + "_count", total);
    }

    public override string ToString() => _text.ToString();

    private void One(string name, string type, string help, double value)
    {
        Head(name, type, help);
        Line(name, value);
    }

    private void Family(
        string name, string type, string help, string label, IEnumerable<(string Value, double Number)> series)
    {
        Head(name, type, help);
        foreach (var (value, number) in series)
        {
            Line($"{name}{{{label}=\"{value}\"}}", number);
        }
    }

    private void Head(string name, string type, string help) =>
        _text.Append("# HELP ").Append(name).Append(' ').Append(help).Append('\n')
            .Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');

    private void Line(string series, double value) =>
        _text.Append(series).Append(' ').Append(Number(value)).Append('\n');

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
