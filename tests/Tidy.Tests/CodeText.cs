using System.Text;

namespace Swarm.Tidy.Tests;

/// <summary>
/// C# text with comments and the contents of strings blanked out, same length and same lines, so that braces and
/// words can be looked for without parsing the language.
/// </summary>
internal sealed class CodeText
{
    private readonly string text;
    private readonly StringBuilder blanked;
    private int at;

    private CodeText(string text)
    {
        this.text = text;
        blanked = new StringBuilder(text);
    }

    public static string Blank(string text)
    {
        var code = new CodeText(text);
        code.Code(closing: '\0');
        return code.blanked.ToString();
    }

    private char Peek(int ahead = 0) => at + ahead < text.Length ? text[at + ahead] : '\0';

    /// <summary>Scans code up to the closing character of an interpolation hole, or to the end.</summary>
    private void Code(char closing)
    {
        var depth = 0;
        while (at < text.Length)
        {
            var c = Peek();
            if (c == closing && depth == 0)
                return;
            if (closing != '\0' && c is '{' or '(' or '[')
                depth++;
            if (closing != '\0' && c is '}' or ')' or ']')
                depth--;
            if (!CommentOrLiteral())
                at++;
        }
    }

    private bool CommentOrLiteral()
    {
        if (Peek() == '/' && Peek(1) == '/')
            BlankUntil("\n", keepEnd: true);
        else if (Peek() == '/' && Peek(1) == '*')
            BlankUntil("*/", keepEnd: false);
        else if (Peek() == '\'')
            Quoted('\'');
        else if (Peek() is '"' or '$' or '@' && StringStart(out var start))
            Text(start);
        else
            return false;
        return true;
    }

    private readonly record struct Start(int Dollars, bool Verbatim, int Quotes);

    private bool StringStart(out Start start)
    {
        int i = 0, dollars = 0, quotes = 0;
        var verbatim = false;
        for (; Peek(i) is '$' or '@'; i++)
        {
            dollars += Peek(i) == '$' ? 1 : 0;
            verbatim |= Peek(i) == '@';
        }

        while (Peek(i + quotes) == '"')
            quotes++;
        start = new Start(dollars, verbatim, quotes < 3 ? 1 : quotes);
        if (quotes == 0)
            return false;
        at += i + start.Quotes;
        return true;
    }

    private void Text(Start start)
    {
        if (start.Quotes >= 3)
            Body(start, () => Run('"') >= start.Quotes, start.Quotes);
        else if (start.Verbatim)
            Body(start, () => Peek() == '"' && Run('"') % 2 == 1, 1);
        else
            Body(start, () => Peek() is '"' or '\n', 1);
    }

    private void Body(Start start, Func<bool> ends, int endLength)
    {
        while (at < text.Length)
        {
            if (ends())
            {
                at += start.Verbatim && start.Quotes == 1 ? Run('"') : endLength;
                return;
            }

            if (start.Dollars > 0 && Run('{') is var braces and > 0)
                Hole(start, braces);
            else if (start is { Verbatim: false, Quotes: 1 } && Peek() == '\\')
                Erase(2);
            else
                Erase(start is { Verbatim: true, Quotes: 1 } && Peek() == '"' ? Run('"') : 1);
        }
    }

    private void Hole(Start start, int braces)
    {
        var isHole = start.Quotes >= 3 ? braces >= start.Dollars : braces % 2 == 1;
        Erase(braces);
        if (!isHole)
            return;
        Code(closing: '}');
        Erase(start.Quotes >= 3 ? start.Dollars : 1);
    }

    private int Run(char c)
    {
        var n = 0;
        while (Peek(n) == c)
            n++;
        return n;
    }

    private void Quoted(char quote)
    {
        at++;
        while (at < text.Length && Peek() != quote && Peek() != '\n')
            Erase(Peek() == '\\' ? 2 : 1);
        at++;
    }

    private void BlankUntil(string end, bool keepEnd)
    {
        var stop = text.IndexOf(end, at, StringComparison.Ordinal);
        stop = stop < 0 ? text.Length : keepEnd ? stop : stop + end.Length;
        Erase(stop - at);
    }

    private void Erase(int count)
    {
        for (var end = Math.Min(at + count, text.Length); at < end; at++)
        {
            if (text[at] != '\n')
                blanked[at] = ' ';
        }
    }
}
