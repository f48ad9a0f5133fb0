using System.Text;

namespace Swarm.Model;

/// <summary>Text of others in one line that moves no cursor (attacks.md LOG-1).</summary>
public static class Printable
{
    private const int MaxValueChars = 100;

    /// <summary>
    /// Ends of lines and tabs become blanks, other control characters and direction marks question marks; what is
    /// longer than <paramref name="mostChars"/> characters ends in "…".
    /// </summary>
    public static string Line(string text, int mostChars = int.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(text);
        var isCut = text.Length > mostChars;
        if (!isCut && text.All(IsPlain))
        {
            return text;
        }

        var clean = new StringBuilder(Math.Min(text.Length, mostChars) + 1);
        foreach (var c in isCut ? text.AsSpan(0, mostChars) : text)
        {
            clean.Append(IsPlain(c) ? c : c is '\n' or '\r' or '\t' ? ' ' : '?');
        }

        return isCut ? clean.Append('…').ToString() : clean.ToString();
    }

    /// <summary>A value in a message.</summary>
    public static string Value(string text) => Line(text, MaxValueChars);

    /// <summary>Neither a control character nor a mark that turns the direction of writing.</summary>
    public static bool IsPlain(char c) =>
        !char.IsControl(c) && c is not ((>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069'));
}
