using System.Text.Json.Nodes;

namespace Swarm.Ctl.Format;

/// <summary>Where an expression is evaluated: the dot, what $ is, and the variables of the ranges around it.</summary>
internal sealed record GoScope(JsonNode? Dot, JsonNode? Root, IReadOnlyDictionary<string, JsonNode?> Variables)
{
    internal static GoScope Of(JsonNode data) => new(data, data, new Dictionary<string, JsonNode?>());

    /// <summary>The same with another dot and more variables.</summary>
    internal GoScope With(JsonNode? dot, params (string? Name, JsonNode? Value)[] variables)
    {
        var all = new Dictionary<string, JsonNode?>(Variables, StringComparer.Ordinal);
        foreach (var (name, value) in variables)
        {
            if (name is not null)
            {
                all[name] = value;
            }
        }

        return new GoScope(dot, Root, all);
    }
}

/// <summary>
/// What stands between the braces of a template: fields, literals, variables, functions with their arguments, brackets,
/// and pipes that make a value the last argument of what follows.
/// </summary>
internal sealed class GoExpression
{
    private const int MaxDepth = 32;

    private static readonly System.Buffers.SearchValues<char> EndsWord =
        System.Buffers.SearchValues.Create(" \t\n()|\"`");

    private readonly IReadOnlyList<string> _words;
    private readonly GoScope _scope;
    private int _at;

    private GoExpression(IReadOnlyList<string> words, GoScope scope) => (_words, _scope) = (words, scope);

    /// <summary>The value of an expression; null when there is none.</summary>
    internal static JsonNode? Evaluate(string expression, GoScope scope)
    {
        var reader = new GoExpression(Words(expression), scope);
        var value = reader.Pipeline(0);
        return reader._at == reader._words.Count
            ? value
            : throw GoTemplate.Bad($"unexpected '{reader._words[reader._at]}' in '{expression}'");
    }

    private JsonNode? Pipeline(int depth)
    {
        if (depth > MaxDepth)
        {
            throw GoTemplate.Bad($"brackets are nested deeper than {MaxDepth}");
        }

        var value = Command(depth, null, isFirst: true);
        while (_at < _words.Count && _words[_at] == "|")
        {
            _at++;
            value = Command(depth, value, isFirst: false);
        }

        return value;
    }

    /// <summary>A function with its arguments, or one value.</summary>
    private JsonNode? Command(int depth, JsonNode? piped, bool isFirst)
    {
        if (_at == _words.Count || _words[_at] is ")" or "|")
        {
            throw GoTemplate.Bad("a command is missing");
        }

        var name = _words[_at];
        if (!char.IsAsciiLetter(name[0]) || name is "true" or "false" or "nil")
        {
            var value = Operand(depth);
            return isFirst && (_at == _words.Count || _words[_at] is ")" or "|")
                ? value
                : throw GoTemplate.Bad($"'{name}' is no function and takes no arguments");
        }

        _at++;
        var arguments = new List<JsonNode?>();
        while (_at < _words.Count && _words[_at] is not (")" or "|"))
        {
            arguments.Add(Operand(depth));
        }

        if (!isFirst)
        {
            arguments.Add(piped);
        }

        return GoFunctions.Call(name, arguments);
    }

    private JsonNode? Operand(int depth)
    {
        var word = _words[_at++];
        if (word == "(")
        {
            var value = Pipeline(depth + 1);
            return _at < _words.Count && _words[_at++] == ")" ? value : throw GoTemplate.Bad("'(' without ')'");
        }

        return word switch
        {
            ['"', .., '"'] => JsonValue.Create(Unescaped(word[1..^1])),
            ['`', .., '`'] => JsonValue.Create(word[1..^1]),
            "true" => JsonValue.Create(true),
            "false" => JsonValue.Create(false),
            "nil" => null,
            ['$', ..] => Variable(word),
            ['.', ..] => Field(_scope.Dot, word),
            _ when long.TryParse(word, out var number) => JsonValue.Create(number),
            _ => throw GoTemplate.Bad($"'{word}' is not a field; fields begin with a dot"),
        };
    }

    private JsonNode? Variable(string word)
    {
        var dot = word.IndexOf('.', StringComparison.Ordinal);
        var name = dot < 0 ? word : word[..dot];
        if (name != "$" && !_scope.Variables.ContainsKey(name))
        {
            throw GoTemplate.Bad($"undefined variable '{name}'");
        }

        return Field(name == "$" ? _scope.Root : _scope.Variables[name], dot < 0 ? "." : word[dot..]);
    }

    private static JsonNode? Field(JsonNode? node, string path)
    {
        foreach (var name in path.Split('.', StringSplitOptions.RemoveEmptyEntries))
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

    private static string Unescaped(string text) => text.Replace("\\n", "\n", StringComparison.Ordinal)
        .Replace("\\t", "\t", StringComparison.Ordinal).Replace("\\\"", "\"", StringComparison.Ordinal);

    private static List<string> Words(string expression)
    {
        var words = new List<string>();
        for (var at = 0; at < expression.Length;)
        {
            var c = expression[at];
            if (char.IsWhiteSpace(c))
            {
                at++;
                continue;
            }

            var length = c switch
            {
                '(' or ')' or '|' => 1,
                '"' or '`' => Quoted(expression, at, c),
                _ => expression.AsSpan(at).IndexOfAny(EndsWord) is >= 0 and var end ? end : expression.Length - at,
            };
            words.Add(expression.Substring(at, length));
            at += length;
        }

        return words;
    }

    private static int Quoted(string text, int begin, char quote)
    {
        for (var at = begin + 1; at < text.Length; at++)
        {
            if (text[at] == quote && (quote == '`' || text[at - 1] != '\\'))
            {
                return at - begin + 1;
            }
        }

        throw GoTemplate.Bad("a quote is not closed");
    }
}
