using System.Text.RegularExpressions;

namespace Swarm.Tidy.Tests;

/// <summary>ARCHITECTURE.md speaks of types that exist.</summary>
public sealed partial class ArchitectureTests
{
    [Fact]
    public void Every_type_named_in_the_architecture_exists()
    {
        var known = DeclaredNames();
        Rule.Holds(
            from match in Backticked().Matches(SourceTree.Read("ARCHITECTURE.md"))
            let name = match.Groups[1].Value
            where !known.Contains(name)
            select $"ARCHITECTURE.md names `{name}`, which src does not declare");
    }

    /// <summary>Types, members of enums, methods others may call, messages, and the projects themselves.</summary>
    private static HashSet<string> DeclaredNames()
    {
        var projects = SourceTree.Files("src", ".csproj").Select(file => Path.GetFileNameWithoutExtension(file));
        var names = projects.ToHashSet();
        foreach (var file in SourceTree.Files("src", ".cs"))
        {
            var code = CodeText.Blank(SourceTree.Read(file));
            names.UnionWith(Declaration().Matches(code).Select(match => match.Groups["name"].Value));
            names.UnionWith(Method().Matches(code).Select(match => match.Groups[1].Value));
            foreach (Match body in EnumBody().Matches(code))
                names.UnionWith(EnumMember().Matches(body.Groups[1].Value).Select(match => match.Groups[1].Value));
        }

        foreach (var file in SourceTree.Files("src", ".proto"))
            names.UnionWith(ProtoDeclaration().Matches(SourceTree.Read(file)).Select(match => match.Groups[1].Value));
        return names;
    }

    [GeneratedRegex(@"`([A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*)`")]
    private static partial Regex Backticked();

    [GeneratedRegex(@"\b(class|record|struct|interface|enum|delegate\s+[\w<>?]+)\s+(struct\s+|class\s+)?(?<name>\w+)")]
    private static partial Regex Declaration();

    [GeneratedRegex(@"\b(?:public|internal)\s[^;={}()]*?\b(\w+)\s*(?:<[^<>()]*>)?\(")]
    private static partial Regex Method();

    [GeneratedRegex(@"\benum\s+\w+[^{]*\{([^}]*)\}")]
    private static partial Regex EnumBody();

    [GeneratedRegex(@"(?:^|[,{\s])([A-Z]\w*)\s*(?:=[^,]*)?(?=,|\s*$)", RegexOptions.Multiline)]
    private static partial Regex EnumMember();

    [GeneratedRegex(@"^\s*(?:message|service|enum|rpc)\s+(\w+)", RegexOptions.Multiline)]
    private static partial Regex ProtoDeclaration();
}
