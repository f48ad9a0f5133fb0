using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Swarm.Ctl.Format;

/// <summary>What stands between the braces of a template: a field, or one function with its arguments.</summary>
internal static class GoExpression
{
    private static readonly JsonSerializerOptions Compact = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };


    /// <summary>The value of an expression; null when there is none.</summary>
    internal static JsonNode? Evaluate(string expression, JsonNode? data)
    {
        var words = Words(expression);
        if (words.Count == 0)
        {
            throw GoTemplate.Bad("'{{}}' is empty");
        }

        JsonNode? Argument(int i) =>
            i < words.Count ? Value(words[i], data) : throw GoTemplate.Bad($"'{expression}' lacks an argument");
        return words[0] switch
        {
            "json" => JsonValue.Create(Argument(1)?.ToJsonString(Compact) ?? "null"),
            "len" => JsonValue.Create(Length(Argument(1))),
            "index" => Index(Argument(1), Argument(2)),
            "upper" => JsonValue.Create(Text(Argument(1)).ToUpperInvariant()),
            "lower" => JsonValue.Create(Text(Argument(1)).ToLowerInvariant()),
            "join" => JsonValue.Create(string.Join(Text(Argument(2)), (Argument(1) as JsonArray ?? []).Select(Text))),
            "println" => JsonValue.Create(string.Join(' ', words.Skip(1).Select(w => Text(Value(w, data)))) + "\n"),
            "print" => JsonValue.Create(string.Concat(words.Skip(1).Select(w => Text(Value(w, data))))),
            _ when words.Count == 1 => Value(words[0], data),
            _ => throw GoTemplate.Bad(
                $"function '{words[0]}' is not known; known are json, len, index, upper, lower, join, print, println"),
        };
    }

    private static JsonNode? Value(string word, JsonNode? data)
    {
        if (word.Length >= 2 && word[0] is '"' or '`')
        {
            return JsonValue.Create(word[1..^1]);
        }

        if (long.TryParse(word, out var number))
        {
            return JsonValue.Create(number);
        }

        if (!word.StartsWith('.'))
        {
            throw GoTemplate.Bad($"'{word}' is not a field; fields begin with a dot");
        }

        var node = data;
        foreach (var name in word.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            node = node switch
            {
                JsonObject map when map.TryGetPropertyValue(name, out var value) => value,
                JsonObject map when map.Count > 0 && !IsFreeForm(map) => throw GoTemplate.Bad(
                    $"can't evaluate field {name}; the fields here are {string.Join(", ", map.Select(p => p.Key))}"),
                _ => null,
            };
        }

        return node;
    }

    /// <summary>Objects of our answers have names in upper camel case; anything else is a map of the user's.</summary>
    private static bool IsFreeForm(JsonObject map) => map.All(p => !char.IsUpper(p.Key.FirstOrDefault()));

    private static JsonNode? Index(JsonNode? container, JsonNode? key) => (container, key) switch
    {
        (JsonArray array, JsonValue i) when i.TryGetValue<long>(out var at) && at >= 0 && at < array.Count =>
            array[(int)at],
        (JsonObject map, JsonValue k) => map[k.ToString()],
        _ => null,
    };

    private static int Length(JsonNode? node) => node switch
    {
        JsonArray array => array.Count,
        JsonObject map => map.Count,
        null => 0,
        _ => node.ToString().Length,
    };

    /// <summary>What Go counts as true: not empty, not zero, not false.</summary>
    internal static bool IsTrue(JsonNode? node) => node switch
    {
        null => false,
        JsonArray or JsonObject => Length(node) > 0,
        JsonValue v when v.TryGetValue<bool>(out var flag) => flag,
        JsonValue v when v.TryGetValue<double>(out var number) => number != 0,
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

    private static List<string> Words(string expression)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        char? quote = null;
        foreach (var c in expression)
        {
            if (quote is null && c == ' ')
            {
                if (word.Length > 0)
                {
                    words.Add(word.ToString());
                    word.Clear();
                }

                continue;
            }

            quote = quote is null ? (c is '"' or '`' ? c : null) : c == quote ? null : quote;
            word.Append(c);
        }

        if (word.Length > 0)
        {
            words.Add(word.ToString());
        }

        return words;
    }
}
