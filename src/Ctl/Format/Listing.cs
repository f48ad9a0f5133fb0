using System.Text.Json;
using System.Text.Json.Nodes;
using Swarm.Ctl.Cli;
using Swarm.Model;

namespace Swarm.Ctl.Format;

/// <summary>A column: its title in a table, its name in templates and JSON.</summary>
internal sealed record Column(string Title, string Name);

/// <summary>
/// Prints rows the way a `ls` command is asked to: quiet, as a table, as JSON lines, or by a Go template; the four
/// forms
/// show the same values.
/// </summary>
internal static class Listing
{
    private static readonly JsonSerializerOptions Compact = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <param name="ctl">Where to print.</param>
    /// <param name="columns">Of the table, in order.</param>
    /// <param name="rows">Values by column name; more names than columns are allowed.</param>
    /// <param name="format">table (default), json, "table TEMPLATE" or TEMPLATE.</param>
    /// <param name="quietName">With --quiet only this value is printed; null = not quiet.</param>
    internal static void Print(
        Cli.Ctl ctl, IReadOnlyList<Column> columns, IReadOnlyList<JsonObject> rows, string? format, string? quietName)
    {
        if (quietName is not null && string.IsNullOrEmpty(format))
        {
            foreach (var row in rows)
            {
                ctl.Out.WriteLine(Text(row[quietName]));
            }

            return;
        }

        switch (format)
        {
            case null or "" or "table":
                Table.Print(
                    ctl.Out,
                    [
                        [.. columns.Select(c => c.Title)],
                        .. rows.Select(r => (IReadOnlyList<string>)[.. columns.Select(c => Text(r[c.Name]))]),
                    ]);
                break;
            case "json":
                foreach (var row in rows)
                {
                    ctl.Out.WriteLine(Sorted(row).ToJsonString(Compact));
                }

                break;
            default:
                PrintTemplate(ctl, columns, rows, format);
                break;
        }
    }

    private static void PrintTemplate(
        Cli.Ctl ctl, IReadOnlyList<Column> columns, IReadOnlyList<JsonObject> rows, string format)
    {
        const string table = "table ";
        var isTable = format.StartsWith(table, StringComparison.Ordinal);
        var template = GoTemplate.Parse(isTable ? format[table.Length..] : format);
        var lines = rows.Select(r => template.Render(r)).ToList();
        if (!isTable)
        {
            lines.ForEach(ctl.Out.WriteLine);
            return;
        }

        var titles = new JsonObject();
        foreach (var name in rows.SelectMany(r => r.Select(p => p.Key)).Concat(columns.Select(c => c.Name)).Distinct())
        {
            titles[name] = columns.FirstOrDefault(c => c.Name == name)?.Title ?? name.ToUpperInvariant();
        }

        lines.Insert(0, template.Render(titles));
        Table.Print(ctl.Out, [.. lines.Select(l => (IReadOnlyList<string>)l.Split('\t'))]);
    }

    private static JsonObject Sorted(JsonObject row)
    {
        var sorted = new JsonObject();
        foreach (var (key, value) in row.OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            sorted[key] = value?.DeepClone();
        }

        return sorted;
    }

    private static string Text(JsonNode? node) => node is null ? "" : Printable.Line(node.ToString());
}
