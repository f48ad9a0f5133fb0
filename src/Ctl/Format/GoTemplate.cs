using System.Text;
using System.Text.Json.Nodes;
using Swarm.Ctl.Cli;

namespace Swarm.Ctl.Format;

/// <summary>
/// The part of Go's text/template that people use with --format: fields, json, range, if/else, len, index, join,
/// upper, lower, println and literal text with \t and \n.
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
        RenderList(_parts, data, output);
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

            if (open > at)
            {
                tokens.Add(new Literal(text[at..open]));
            }

            tokens.Add(new Action(text[(open + 2)..close].Trim(' ', '-')));
            at = close + 2;
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

            if (expression is "end" or "else")
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

        return ended == "end" ? new Block(kind, subject, body, otherwise)
            : throw Bad($"{{{{{kind}}}}} without {{{{end}}}}");
    }

    private static void RenderList(List<Part> parts, JsonNode? data, StringBuilder output)
    {
        foreach (var part in parts)
        {
            switch (part)
            {
                case Literal literal:
                    output.Append(literal.Text);
                    break;
                case Action action:
                    output.Append(GoExpression.Text(GoExpression.Evaluate(action.Expression, data)));
                    break;
                case Block block:
                    RenderBlock(block, data, output);
                    break;
            }
        }
    }

    private static void RenderBlock(Block block, JsonNode? data, StringBuilder output)
    {
        var subject = GoExpression.Evaluate(block.Expression, data);
        if (!GoExpression.IsTrue(subject))
        {
            RenderList(block.Else, data, output);
            return;
        }

        switch (block.Kind, subject)
        {
            case ("range", JsonArray array):
                foreach (var item in array)
                {
                    RenderList(block.Body, item, output);
                }

                break;
            case ("range", JsonObject map):
                foreach (var (_, item) in map)
                {
                    RenderList(block.Body, item, output);
                }

                break;
            case ("with", _):
                RenderList(block.Body, subject, output);
                break;
            default:
                RenderList(block.Body, data, output);
                break;
        }
    }

    internal static UsageException Bad(string what) => new($"--format: template parsing error: {what}");
}
