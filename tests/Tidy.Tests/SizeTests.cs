namespace Swarm.Tidy.Tests;

/// <summary>Sizes that a reader can hold in the head (design, section 7).</summary>
public sealed class SizeTests
{
    private const int MaxSourceFileLines = 300;
    private const int MaxLookedAtFileLines = 400;
    private const int MaxTestFileLines = 800;
    private const int MaxMemberLines = 70;
    private const int MaxLineLength = 120;

    /// <summary>Files over 300 lines that somebody looked at again and left whole, with the reason.</summary>
    private static readonly Dictionary<string, string> LookedAtAgain = [];

    [Fact]
    public void Source_files_are_short() =>
        Rule.Holds(
            from file in SourceTree.Files("src", ".cs")
            let lines = SourceTree.Lines(file).Length
            let limit = LookedAtAgain.ContainsKey(file) ? MaxLookedAtFileLines : MaxSourceFileLines
            where lines > limit
            select $"{file}: {lines} lines, limit {limit}: split it");

    [Fact]
    public void Test_files_are_not_endless() =>
        Rule.Holds(
            from file in SourceTree.Files("tests", ".cs").Concat(SourceTree.Files("bench", ".cs"))
            let lines = SourceTree.Lines(file).Length
            where lines > MaxTestFileLines
            select $"{file}: {lines} lines, limit {MaxTestFileLines}");

    [Fact]
    public void Members_are_short() =>
        Rule.Holds(
            from file in SourceTree.Files("src", ".cs")
            from member in Members.Of(SourceTree.Read(file))
            where member.Length > MaxMemberLines
            select $"{file}:{member.FirstLine}: {member.Length} lines, limit {MaxMemberLines}: {member.Header}");

    [Fact]
    public void Lines_fit_the_screen() =>
        Rule.Holds(
            from file in SourceTree.Files("src", ".cs").Concat(SourceTree.Files("tests", ".cs"))
            from line in SourceTree.Lines(file).Select((text, index) => (text, number: index + 1))
            where line.text.Length > MaxLineLength
            select $"{file}:{line.number}: {line.text.Length} characters, limit {MaxLineLength}");
}
