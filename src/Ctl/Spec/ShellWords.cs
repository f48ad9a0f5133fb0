using System.Text;
using Swarm.Ctl.Cli;

namespace Swarm.Ctl.Spec;

/// <summary>Splits --entrypoint and --args into words the way a shell would: spaces, quotes, backslash.</summary>
internal static class ShellWords
{
    internal static IReadOnlyList<string> Split(string flag, string text)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        var inWord = false;
        char? quote = null;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '\\' && quote != '\'' && i + 1 < text.Length)
            {
                word.Append(text[++i]);
                inWord = true;
            }
            else if (quote is not null)
            {
                if (c == quote)
                {
                    quote = null;
                }
                else
                {
                    word.Append(c);
                }
            }
            else if (c is '"' or '\'')
            {
                quote = c;
                inWord = true;
            }
            else if (!char.IsWhiteSpace(c))
            {
                word.Append(c);
                inWord = true;
            }
            else if (inWord)
            {
                words.Add(word.ToString());
                word.Clear();
                inWord = false;
            }
        }

        if (quote is not null)
        {
            throw new UsageException($"{flag} '{text}': a quote is not closed; close it or put a backslash before it");
        }

        if (inWord)
        {
            words.Add(word.ToString());
        }

        return words;
    }
}
