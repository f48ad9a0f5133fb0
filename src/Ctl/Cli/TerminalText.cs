using System.Text;
using System.Text.RegularExpressions;
using Swarm.Model;

namespace Swarm.Ctl.Cli;

/// <summary>
/// Text of others on its way to a terminal: labels, templates, what containers say. Lines and tabs stay, colours are
/// left out, every other control character and direction mark becomes a question mark (attacks.md LOG-1). What goes to
/// a file or a pipe does not come through here and is not changed.
/// </summary>
internal sealed partial class TerminalText(TextWriter terminal) : TextWriter
{
    public override Encoding Encoding => terminal.Encoding;

    public override void Write(char value) => terminal.Write(IsKept(value) ? value : '?');

    public override void Write(string? value) => terminal.Write(Clean(value ?? ""));

    public override void WriteLine() => terminal.WriteLine();

    public override void WriteLine(string? value) => terminal.WriteLine(Clean(value ?? ""));

    public override void Flush() => terminal.Flush();

    private static string Clean(string text)
    {
        if (text.All(IsKept))
        {
            return text;
        }

        var clean = new StringBuilder(text.Length);
        foreach (var c in Colour().Replace(text, ""))
        {
            clean.Append(IsKept(c) ? c : '?');
        }

        return clean.ToString();
    }

    /// <summary>Select graphic rendition, ECMA-48 8.3.117.</summary>
    [GeneratedRegex("\u001b\\[[0-9;:]*m")]
    private static partial Regex Colour();

    private static bool IsKept(char c) => c is '\n' or '\t' || Printable.IsPlain(c);
}
