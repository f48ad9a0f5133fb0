using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Swarm.Ctl.Cli;
using Swarm.Ctl.Format;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`image history`</summary>
internal static class ImageHistory
{
    private const int CommandChars = 45;
    private const string Missing = "<missing>";
    private static readonly Column[] Columns =
    [
        new("IMAGE", "ID"), new("CREATED", "CreatedSince"), new("CREATED BY", "CreatedBy"), new("SIZE", "Size"),
        new("COMMENT", "Comment"),
    ];

    internal static Command Build()
    {
        var image = ImageParts.Image();
        var format = VerbParts.Format();
        var human = new Option<bool>("--human", "-H")
        {
            Description = "Sizes and times as people read them (default true)", DefaultValueFactory = _ => true,
        };
        var noTrunc = VerbParts.NoTrunc();
        var platform = ImageParts.Platform();
        var quiet = VerbParts.Quiet("Only show image IDs");
        var command = new Command("history", "Show the history of an image")
        {
            image, format, human, noTrunc, platform, quiet,
        };
        return command.Does(async (ctl, parsed, ct) =>
        {
            ImageParts.Refuse(parsed, platform, "a node has images of its own platform only");
            var found = await ImageParts.InspectAsync(ctl, parsed.GetRequiredValue(image), ct).ConfigureAwait(false);
            var rows = Rows(found, parsed.GetValue(noTrunc), parsed.GetValue(human));
            Listing.Print(ctl, Columns, rows, parsed.GetValue(format), parsed.GetValue(quiet) ? "ID" : null);
            return ExitCode.Done;
        });
    }

    /// <summary>The newest step first; each step that made a layer takes the next of the layers.</summary>
    internal static List<JsonObject> Rows(InspectImageResponse image, bool whole, bool human)
    {
        var rows = new List<JsonObject>();
        var layers = new Queue<ulong>(image.LayerBytes);
        var steps = (ImageParts.Config(image)["history"] as JsonArray ?? []).OfType<JsonObject>();
        foreach (var step in steps)
        {
            var bytes = IsTrue(step["empty_layer"]) || !layers.TryDequeue(out var layer) ? 0 : layer;
            rows.Add(Row(step, bytes, whole, human));
        }

        // What no step tells of.
        foreach (var layer in layers)
        {
            rows.Add(Row([], layer, whole, human));
        }

        rows.Reverse();
        if (rows.Count > 0)
        {
            rows[0]["ID"] = whole ? image.Image.Id : ImageParts.ShortId(image.Image.Id);
        }

        return rows;
    }

    private static JsonObject Row(JsonObject step, ulong bytes, bool whole, bool human)
    {
        var by = Text(step["created_by"]).Replace('\t', ' ');
        var at = DateTimeOffset.TryParse(
            Text(step["created"]), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : (DateTimeOffset?)null;
        var stamp = at?.ToString("yyyy-MM-dd'T'HH:mm:ssK", CultureInfo.InvariantCulture) ?? "N/A";
        return new JsonObject
        {
            ["ID"] = Missing,
            ["CreatedSince"] = human && at is { } then
                ? Ago.Words(DateTimeOffset.UtcNow - then) + " ago" : stamp,
            ["CreatedAt"] = stamp,
            ["CreatedBy"] = whole ? by : VerbParts.Cut(by, CommandChars),
            ["Size"] = human ? ImageParts.Size(bytes) : bytes.ToString(CultureInfo.InvariantCulture),
            ["Comment"] = Text(step["comment"]),
        };
    }

    private static bool IsTrue(JsonNode? node) => node is JsonValue value && value.TryGetValue<bool>(out var b) && b;

    private static string Text(JsonNode? node) =>
        node is JsonValue value && value.TryGetValue<string>(out var text) ? Printable.Line(text) : "";
}
