using System.Text.RegularExpressions;

namespace Swarm.Tidy.Tests;

/// <summary>The runbook quotes what the product really says, and its index is whole.</summary>
public sealed partial class RunbookTests
{
    private const string Folder = "docs/runbook";
    private const char Elision = '…';

    [Fact]
    public void Every_page_stands_in_the_index_and_every_link_leads_to_a_page() =>
        Rule.Holds(
            from page in SourceTree.Files(Folder, ".md")
            from link in Link().Matches(SourceTree.Read(page))
            where !SourceTree.Files(Folder, ".md").Contains($"{Folder}/{link.Groups[1].Value}")
            select $"{page} links to {link.Groups[1].Value}, which does not exist");

    [Fact]
    public void Every_page_is_in_the_index() =>
        Rule.Holds(
            from page in SourceTree.Files(Folder, ".md")
            let name = Path.GetFileName(page)
            where name != "README.md" && !SourceTree.Read($"{Folder}/README.md").Contains($"({name})")
            select $"{page} is not in {Folder}/README.md");

    [Fact]
    public void Every_page_tells_symptom_check_fix_and_how_to_verify() =>
        Rule.Holds(
            from page in SourceTree.Files(Folder, ".md")
            where Path.GetFileName(page) != "README.md"
            from part in new[] { "## Symptom", "## Check", "## Fix", "## Verify" }
            where !SourceTree.Read(page).Contains(part)
            select $"{page} has no part '{part}'");

    [Fact]
    public void What_is_quoted_is_said_by_the_product()
    {
        var said = string.Join('\n', SourceTree.Files("src", ".cs").Select(file => Joined(SourceTree.Read(file))));
        Rule.Holds(
            from page in SourceTree.Files(Folder, ".md")
            from quote in Quote().Matches(SourceTree.Read(page))
            from piece in quote.Groups[1].Value.Split(Elision, StringSplitOptions.TrimEntries)
            where piece.Length > 3 && !said.Contains(piece)
            select $"{page} quotes '{piece}', which nothing in src says");
    }

    /// <summary>Texts that are put together of several literals, as one.</summary>
    private static string Joined(string source) => Seam().Replace(source, "");

    [GeneratedRegex(@"""\s*\+\s*\$?""")]
    private static partial Regex Seam();

    [GeneratedRegex(@"^ *```symptom\n(.*?)\n *```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Quote();

    [GeneratedRegex(@"\]\(([a-z-]+\.md)\)")]
    private static partial Regex Link();
}
