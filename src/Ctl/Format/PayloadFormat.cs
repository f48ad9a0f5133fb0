using System.Text;
using System.Text.Json.Nodes;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Format;

/// <summary>Secrets and configs as docker shows them: what a secret holds, never.</summary>
internal static class PayloadFormat
{
    internal static JsonObject Json(PayloadView view)
    {
        var spec = new JsonObject { ["Name"] = view.Spec.Name, ["Labels"] = SpecJson.Map(view.Spec.Labels) };
        if (view.Kind == PayloadKind.Config)
        {
            spec["Data"] = view.Data.ToBase64();
        }

        return new JsonObject
        {
            ["ID"] = view.Id,
            ["Version"] = new JsonObject { ["Index"] = view.Version },
            ["CreatedAt"] = Ago.Json(view.CreatedAtNs),
            ["UpdatedAt"] = Ago.Json(view.UpdatedAtNs),
            ["Spec"] = spec,
        };
    }

    internal static void Pretty(TextWriter output, PayloadView view)
    {
        output.WriteLine($"ID:              \t{view.Id}");
        output.WriteLine($"Name:            \t{view.Spec.Name}");
        if (view.Spec.Labels.Count > 0)
        {
            output.WriteLine("Labels:");
            foreach (var (key, value) in view.Spec.Labels.OrderBy(l => l.Key, StringComparer.Ordinal))
            {
                output.WriteLine($" - {key}={value}");
            }
        }

        if (view.Kind == PayloadKind.Secret)
        {
            output.WriteLine("Driver:           \t");
        }

        output.WriteLine($"Created at:       \t{When(view.CreatedAtNs)}");
        output.WriteLine($"Updated at:       \t{When(view.UpdatedAtNs)}");
        if (view.Kind == PayloadKind.Config)
        {
            output.WriteLine("Data:");
            output.WriteLine(Encoding.UTF8.GetString(view.Data.Span));
        }
    }

    private static string When(long ns) => string.Create(
        System.Globalization.CultureInfo.InvariantCulture,
        $"{Ago.At(ns):yyyy-MM-dd HH:mm:ss}.{ns % 1_000_000_000:d9} +0000 utc");
}
