using System.Text.RegularExpressions;

namespace Swarm.Tidy.Tests;

/// <summary>Words and forms that do not belong on the main branch.</summary>
public sealed partial class WordTests
{
    [Fact]
    public void No_work_is_put_off() => Nowhere(PutOff(), blanked: false);

    [Fact]
    public void No_warning_is_silenced() => Nowhere(Pragma(), blanked: true);

    [Fact]
    public void No_type_is_a_drawer_for_odds_and_ends() => Nowhere(Drawer(), blanked: true);

    /// <summary>A catch may do nothing only for one kind of exception, and must say why.</summary>
    [Fact]
    public void No_exception_is_swallowed()
    {
        Nowhere(EmptyCatch(), blanked: false);
        Nowhere(EmptyCatchOfAll(), blanked: true);
    }

    /// <summary>On Linux the runtime's own flush swallows errors of fsync: only libc's answer counts.</summary>
    [Fact]
    public void Nothing_trusts_the_runtimes_flush() => Nowhere(RuntimeFlush(), blanked: true);

    /// <summary>What is tested is what is shipped, and a seed of the simulator means the same in both.</summary>
    [Fact]
    public void Nothing_depends_on_whether_it_is_debug_or_release() =>
        Rule.Holds(
            from ending in new[] { ".cs", ".csproj", ".props", ".targets" }
            from file in SourceTree.Files(".", ending)
            where Path.GetFileName(file) != "WordTests.cs"
            let source = SourceTree.Read(file)
            let text = ending == ".cs" ? CodeText.Blank(source) : source
            from match in Configured().Matches(text)
            let line = text.AsSpan(0, match.Index).Count('\n') + 1
            select $"{file}:{line}: '{match.Value.Trim()}'");

    [Fact]
    public void No_file_knows_where_it_was_written() =>
        Rule.Holds(
            from ending in new[] { ".cs", ".md", ".sh", ".csproj", ".props", ".proto", ".json", ".service", "lab" }
            from file in SourceTree.Files(".", ending)
            where Workplace().IsMatch(SourceTree.Read(file))
            select $"{file} names a path of the machine it was written on");

    private static void Nowhere(Regex banned, bool blanked) =>
        Rule.Holds(
            from file in SourceTree.Files("src", ".cs").Concat(SourceTree.Files("src", ".proto"))
            let source = SourceTree.Read(file)
            let text = blanked ? CodeText.Blank(source) : source
            from match in banned.Matches(text)
            let line = text.AsSpan(0, match.Index).Count('\n') + 1
            select $"{file}:{line}: '{match.Value.Trim()}'");

    [GeneratedRegex(@"\b(TODO|FIXME|HACK|XXX)\b|\bNotImplementedException\b")]
    private static partial Regex PutOff();

    [GeneratedRegex(
        @"^\s*#(if|elif)\b.*\b(DEBUG|RELEASE|TRACE)\b.*$|\bDebug\.(Assert|Fail|Write\w*|Print)\b|\[Conditional\b"
        + @"|\$\(Configuration\)", RegexOptions.Multiline)]
    private static partial Regex Configured();

    [GeneratedRegex(@"^\s*#pragma\b.*$", RegexOptions.Multiline)]
    private static partial Regex Pragma();

    [GeneratedRegex(
        @"\b(class|record|struct|interface)\s+(struct\s+|class\s+)?\w*(Helpers?|Utils?|Utilities|Common|Manager)\b")]
    private static partial Regex Drawer();

    [GeneratedRegex(@"\bcatch\s*(\([^)]*\))?\s*(when\s*\([^{}]*\))?\s*\{\s*\}")]
    private static partial Regex EmptyCatch();

    [GeneratedRegex(@"\bcatch\s*(\(\s*(System\.)?Exception\b[^)]*\))?\s*\{\s*\}")]
    private static partial Regex EmptyCatchOfAll();

    [GeneratedRegex(@"\.Flush\(\s*(flushToDisk\s*:\s*)?true\s*\)|\bRandomAccess\.FlushToDisk\b")]
    private static partial Regex RuntimeFlush();

    /// <summary>Put together here, so that this file does not name what it looks for.</summary>
    private const string Workshop = "/wo" + "rk/";

    [GeneratedRegex(@"(?<![\w.])" + Workshop + @"(wt|main|shared|\.)")]
    private static partial Regex Workplace();
}
