using System.Text;

namespace Swarm.Ctl.Cli;

/// <summary>Text from elsewhere, made safe for a terminal (attacks.md LOG-1).</summary>
internal static class Printable
{
    /// <summary>One line without control characters and direction marks.</summary>
    internal static string Line(string text)
    {
        if (text.All(IsPlain))
        {
            return text;
        }

        var clean = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            clean.Append(IsPlain(c) ? c : c is '\n' or '\r' or '\t' ? ' ' : '?');
        }

        return clean.ToString();
    }

    private static bool IsPlain(char c) =>
        !char.IsControl(c) && c is not ((>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069'));
}
