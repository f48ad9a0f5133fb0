using System.Text.RegularExpressions;

namespace Swarm.Tidy.Tests;

/// <summary>A member with a body: what stands before its brace, and its lines (1-based, both inclusive).</summary>
internal readonly record struct Member(string Header, int FirstLine, int LastLine)
{
    public int Length => LastLine - FirstLine + 1;
}

/// <summary>Finds the members of the types in a file: each block that stands directly in the block of a type.</summary>
internal static partial class Members
{
    private readonly record struct Block(bool IsType, string Header, int FirstLine);

    public static IReadOnlyList<Member> Of(string source)
    {
        var code = CodeText.Blank(source);
        var found = new List<Member>();
        var open = new Stack<Block>();
        int line = 1, headerStart = 0;
        for (var i = 0; i < code.Length; i++)
        {
            if (code[i] == '\n')
                line++;
            if (code[i] is not ('{' or '}' or ';'))
                continue;
            if (code[i] == '{')
                open.Push(Open(code[headerStart..i], line));
            else if (code[i] == '}' && open.TryPop(out var block) && IsMember(block, open))
                found.Add(new Member(block.Header, block.FirstLine, line));
            headerStart = i + 1;
        }

        return found;
    }

    private static bool IsMember(Block block, Stack<Block> outside) =>
        !block.IsType && outside.TryPeek(out var owner) && owner.IsType;

    private static Block Open(string header, int line)
    {
        var words = header.Trim();
        var first = line - header.TrimStart().Count(c => c == '\n');
        var withoutConstraints = Constraint().Replace(words, "");
        return new Block(TypeWord().IsMatch(withoutConstraints), words, first);
    }

    [GeneratedRegex(@"\bwhere\s+\w+\s*:[^{]*")]
    private static partial Regex Constraint();

    [GeneratedRegex(@"^[^(=]*\b(class|record|struct|interface)\s+\w+")]
    private static partial Regex TypeWord();
}
