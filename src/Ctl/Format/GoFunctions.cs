using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Swarm.Ctl.Format;

/// <summary>Functions of templates: Go's and docker's.</summary>
internal static class GoFunctions
{
    private const int MaxPadding = 1000;

    private const string Known =
        "and, eq, ge, gt, index, join, json, le, len, lower, lt, ne, not, or, pad, print, printf, println, split, "
        + "table, title, truncate, upper";

    private static readonly JsonSerializerOptions Compact = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    internal static JsonNode? Call(string name, IReadOnlyList<JsonNode?> arguments)
    {
        JsonNode? Argument(int i) =>
            i < arguments.Count ? arguments[i] : throw GoTemplate.Bad($"'{name}' lacks an argument");
        string TextOf(int i) => Text(Argument(i));
        return name switch
        {
            "json" => JsonValue.Create(Argument(0)?.ToJsonString(Compact) ?? "null"),
            "len" => JsonValue.Create(Length(Argument(0))),
            "index" => arguments.Skip(1).Aggregate(Argument(0), Index),
            "upper" => JsonValue.Create(TextOf(0).ToUpperInvariant()),
            "lower" => JsonValue.Create(TextOf(0).ToLowerInvariant()),
            "title" => JsonValue.Create(Title(TextOf(0))),
            "join" => JsonValue.Create(string.Join(TextOf(1), (Argument(0) as JsonArray ?? []).Select(Text))),
            "split" => Split(TextOf(0), TextOf(1)),
            "pad" => JsonValue.Create(
                new string(' ', Whole(name, Argument(1))) + TextOf(0) + new string(' ', Whole(name, Argument(2)))),
            "truncate" => JsonValue.Create(TextOf(0) is var text && Whole(name, Argument(1)) is var most
                && text.Length > most ? text[..most] : TextOf(0)),
            "print" => JsonValue.Create(string.Concat(arguments.Select(Text))),
            "println" => JsonValue.Create(string.Join(' ', arguments.Select(Text)) + "\n"),
            "printf" => JsonValue.Create(Printf(TextOf(0), [.. arguments.Skip(1)])),
            "not" => JsonValue.Create(!IsTrue(Argument(0))),
            "and" => arguments.FirstOrDefault(a => !IsTrue(a), Argument(arguments.Count - 1)),
            "or" => arguments.FirstOrDefault(IsTrue, Argument(arguments.Count - 1)),
            "eq" => JsonValue.Create(arguments.Skip(1).Any(a => Compare(Argument(0), a) == 0)),
            "ne" => JsonValue.Create(Compare(Argument(0), Argument(1)) != 0),
            "lt" => JsonValue.Create(Compare(Argument(0), Argument(1)) < 0),
            "le" => JsonValue.Create(Compare(Argument(0), Argument(1)) <= 0),
            "gt" => JsonValue.Create(Compare(Argument(0), Argument(1)) > 0),
            "ge" => JsonValue.Create(Compare(Argument(0), Argument(1)) >= 0),
            _ => throw GoTemplate.Bad($"function '{name}' is not known; known are {Known}"),
        };
    }

    /// <summary>What Go counts as true: not empty, not zero, not false.</summary>
    internal static bool IsTrue(JsonNode? node) => node switch
    {
        null => false,
        JsonArray or JsonObject => Length(node) > 0,
        JsonValue v when v.TryGetValue<bool>(out var flag) => flag,
        _ when Number(node) is { } number => number != 0,
        _ => node.ToString().Length > 0,
    };

    /// <summary>A value as Go prints it.</summary>
    internal static string Text(JsonNode? node) => node switch
    {
        null => "<no value>",
        JsonValue v when v.TryGetValue<bool>(out var flag) => flag ? "true" : "false",
        JsonArray array => "[" + string.Join(' ', array.Select(Text)) + "]",
        JsonObject map => "map[" + string.Join(' ', map.Select(p => p.Key + ":" + Text(p.Value))) + "]",
        _ => node.ToString(),
    };

    private static JsonNode? Index(JsonNode? container, JsonNode? key) => container switch
    {
        JsonArray array when Number(key) is >= 0 and var at && at < array.Count => array[(int)at],
        JsonObject map when key is not null => map[key.ToString()],
        _ => null,
    };

    private static int Length(JsonNode? node) => node switch
    {
        JsonArray array => array.Count,
        JsonObject map => map.Count,
        null => 0,
        _ => node.ToString().Length,
    };

    private static JsonArray Split(string text, string separator) => new(
        [.. (separator.Length == 0 ? [text] : text.Split(separator)).Select(p => (JsonNode?)JsonValue.Create(p))]);

    private static string Title(string text) =>
        string.Join(' ', text.Split(' ').Select(w => w.Length == 0 ? w : char.ToUpperInvariant(w[0]) + w[1..]));

    private static int Whole(string name, JsonNode? node) => Number(node) is >= 0 and <= MaxPadding and var number
        ? (int)number
        : throw GoTemplate.Bad($"'{name}' takes a number from 0 to {MaxPadding}");

    private static double? Number(JsonNode? node) =>
        node is JsonValue v && v.GetValueKind() == JsonValueKind.Number
        && double.TryParse(v.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;

    private static int Compare(JsonNode? a, JsonNode? b) => (Number(a), Number(b)) is ({ } x, { } y)
        ? x.CompareTo(y)
        : string.CompareOrdinal(Text(a), Text(b));

    /// <summary>%s, %v, %d and %q, with a width or not; %% is a percent sign.</summary>
    private static string Printf(string format, IReadOnlyList<JsonNode?> arguments)
    {
        var text = new StringBuilder();
        var next = 0;
        for (var at = 0; at < format.Length; at++)
        {
            if (format[at] != '%' || at + 1 == format.Length)
            {
                text.Append(format[at]);
                continue;
            }

            var end = at + 1;
            while (end < format.Length && (char.IsAsciiDigit(format[end]) || format[end] == '-'))
            {
                end++;
            }

            var verb = end < format.Length ? format[end] : '?';
            text.Append(verb == '%' ? "%" : Padded(
                next < arguments.Count ? arguments[next++] : throw GoTemplate.Bad("'printf' lacks an argument"),
                verb, format[(at + 1)..end]));
            at = end;
        }

        return text.ToString();
    }

    private static string Padded(JsonNode? value, char verb, string width)
    {
        var text = verb switch
        {
            's' or 'v' or 'd' => Text(value),
            'q' => '"' + Text(value) + '"',
            _ => throw GoTemplate.Bad($"'printf' knows %s, %v, %d and %q, not %{verb}"),
        };
        return width.Length == 0 ? text
            : int.TryParse(width, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var chars)
            && Math.Abs(chars) <= MaxPadding ? (chars < 0 ? text.PadRight(-chars) : text.PadLeft(chars))
            : throw GoTemplate.Bad($"'printf' has a bad width '{width}'");
    }
}
