using System.Text;
using System.Text.Json.Nodes;
using Swarm.Ctl.Cli;

namespace Swarm.Ctl.Format;

/// <summary>
/// The part of Go's text/template that people use with --format: fields, variables, range, if, with, else, pipes,
/// <see cref="GoFunctions"/>, comments, trimmed blanks, and literal text with \t and \n.
/// </summary>
internal sealed class GoTemplate
{
    private const int MaxDepth = 32;

    private readonly List<Part> _parts;

    private GoTemplate(List<Part> parts) => _parts = parts;

    private abstract record Part;

    private sealed record Literal(string Text) : Part;

    private sealed record Action(string Expression) : Part;

    private sealed record Block(string Kind, string Expression, List<Part> Body, List<Part> Else) : Part;

    /// <summary>Reads a template.</summary>
    /// <exception cref="UsageException">An open action or block; the message says where.</exception>
    internal static GoTemplate Parse(string text)
    {
        var tokens = Tokens(text.Replace("\\t", "\t", StringComparison.Ordinal)
            .Replace("\\n", "\n", StringComparison.Ordinal));
        var at = 0;
        var parts = ParseList(tokens, ref at, 0, out var ended);
        return ended is null ? new GoTemplate(parts) : throw Bad($"{{{{{ended}}}}} without a block");
    }

    /// <summary>The text for one object.</summary>
    internal string Render(JsonNode data)
    {
        var output = new StringBuilder();
        RenderList(_parts, GoScope.Of(data), output);
        return output.ToString();
    }

    private static List<Part> Tokens(string text)
    {
        var tokens = new List<Part>();
        var at = 0;
        while (at < text.Length)
        {
            var open = text.IndexOf("{{", at, StringComparison.Ordinal);
            if (open < 0)
            {
                tokens.Add(new Literal(text[at..]));
                break;
            }

            var close = text.IndexOf("}}", open, StringComparison.Ordinal);
            if (close < 0)
            {
                throw Bad("'{{' without '}}'");
            }

            var action = text[(open + 2)..close];
            var before = text[at..open];
            if (action.StartsWith("- ", StringComparison.Ordinal))
            {
                (action, before) = (action[1..], before.TrimEnd());
            }

            if (before.Length > 0)
            {
                tokens.Add(new Literal(before));
            }

            at = close + 2;
            if (action.EndsWith(" -", StringComparison.Ordinal))
            {
                action = action[..^1];
                at = text.Length - text[at..].TrimStart().Length;
            }

            if (!action.TrimStart().StartsWith("/*", StringComparison.Ordinal))
            {
                tokens.Add(new Action(action.Trim()));
            }
        }

        return tokens;
    }

    private static List<Part> ParseList(List<Part> tokens, ref int at, int depth, out string? ended)
    {
        var parts = new List<Part>();
        ended = null;
        while (at < tokens.Count)
        {
            var token = tokens[at++];
            if (token is not Action { Expression: var expression })
            {
                parts.Add(token);
                continue;
            }

            if (expression is "end" or "else" || expression.StartsWith("else if ", StringComparison.Ordinal))
            {
                ended = expression;
                return parts;
            }

            var keyword = expression.Split(' ', 2);
            if (keyword is ["range" or "if" or "with", var subject])
            {
                parts.Add(ParseBlock(tokens, ref at, depth, keyword[0], subject));
                continue;
            }

            parts.Add(token);
        }

        return parts;
    }

    private static Block ParseBlock(List<Part> tokens, ref int at, int depth, string kind, string subject)
    {
        if (depth >= MaxDepth)
        {
            throw Bad($"blocks are nested deeper than {MaxDepth}");
        }

        var body = ParseList(tokens, ref at, depth + 1, out var ended);
        List<Part> otherwise = [];
        if (ended == "else")
        {
            otherwise = ParseList(tokens, ref at, depth + 1, out ended);
        }
        else if (ended is not null && ended != "end")
        {
            // "else if" is an if within the else, and shares its end.
            otherwise = [ParseBlock(tokens, ref at, depth + 1, "if", ended["else if ".Length..].Trim())];
            ended = "end";
        }

        return ended == "end" ? new Block(kind, subject, body, otherwise)
            : throw Bad($"{{{{{kind}}}}} without {{{{end}}}}");
    }

    private static void RenderList(List<Part> parts, GoScope scope, StringBuilder output)
    {
        foreach (var part in parts)
        {
            switch (part)
            {
                case Literal literal:
                    output.Append(literal.Text);
                    break;
                case Action action:
                    output.Append(GoFunctions.Text(GoExpression.Evaluate(action.Expression, scope)));
                    break;
                case Block block:
                    RenderBlock(block, scope, output);
                    break;
            }
        }
    }

    private static void RenderBlock(Block block, GoScope scope, StringBuilder output)
    {
        var (names, expression) = Variables(block.Expression);
        var subject = GoExpression.Evaluate(expression, scope);
        if (!GoFunctions.IsTrue(subject))
        {
            RenderList(block.Else, scope, output);
            return;
        }

        // With one name it is the element, with two the first is its index or key.
        var (key, value) = (names.Count > 1 ? names[0] : null, names.Count > 0 ? names[^1] : null);
        switch (block.Kind, subject)
        {
            case ("range", JsonArray array):
                for (var i = 0; i < array.Count; i++)
                {
                    RenderList(block.Body, scope.With(array[i], (key, JsonValue.Create(i)), (value, array[i])), output);
                }

                break;
            case ("range", JsonObject map):
                foreach (var (name, item) in map)
                {
                    RenderList(block.Body, scope.With(item, (key, JsonValue.Create(name)), (value, item)), output);
                }

                break;
            case ("range", _):
                throw Bad($"range can't iterate over {GoFunctions.Text(subject)}");
            case ("with", _):
                RenderList(block.Body, scope.With(subject, (value, subject)), output);
                break;
            default:
                RenderList(block.Body, scope.With(scope.Dot, (value, subject)), output);
                break;
        }
    }

    /// <summary>"$i, $e := .List" has two names and an expression.</summary>
    private static (IReadOnlyList<string> Names, string Expression) Variables(string expression)
    {
        var at = expression.IndexOf(":=", StringComparison.Ordinal);
        if (at < 0 || !expression.StartsWith('$'))
        {
            return ([], expression);
        }

        var names = expression[..at].Split(',', StringSplitOptions.TrimEntries);
        return names.Length <= 2 && names.All(n => n is ['$', _, ..])
            ? (names, expression[(at + 2)..])
            : throw Bad($"'{expression[..at].Trim()}' are no names of variables");
    }

    internal static UsageException Bad(string what) => new($"--format: template parsing error: {what}");
}
