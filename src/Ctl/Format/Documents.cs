using System.Text.Json;
using System.Text.Json.Nodes;

namespace Swarm.Ctl.Format;

/// <summary>Whole objects as `inspect` prints them: an indented JSON array, or one text each by a template.</summary>
internal static class Documents
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        IndentSize = 4,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly JsonSerializerOptions Compact = new(Indented) { WriteIndented = false };

    internal static void Print(Cli.Ctl ctl, IReadOnlyList<JsonNode> documents, string? format)
    {
        switch (format)
        {
            case null or "":
                ctl.Out.WriteLine(new JsonArray([.. documents.Select(d => d.DeepClone())]).ToJsonString(Indented));
                break;
            case "json":
                foreach (var document in documents)
                {
                    ctl.Out.WriteLine(document.ToJsonString(Compact));
                }

                break;
            default:
                var template = GoTemplate.Parse(format);
                foreach (var document in documents)
                {
                    ctl.Shown.WriteLine(template.Render(document));
                }

                break;
        }
    }
}
