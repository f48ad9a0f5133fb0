using System.Runtime.CompilerServices;

namespace Swarm.Tidy.Tests;

/// <summary>The files of this repository, without what a build makes.</summary>
internal static class SourceTree
{
    private static readonly string[] Skipped =
        ["obj", "bin", "artifacts", ".git", ".lab", "node_modules", "TestResults", "BenchmarkDotNet.Artifacts"];

    /// <summary>Absolute path of the repository's root.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Files below a folder whose name ends as given, sorted; paths are relative to the root.</summary>
    public static IReadOnlyList<string> Files(string folder, string ending)
    {
        var start = Path.Combine(Root, folder);
        if (!Directory.Exists(start))
            return [];
        var found = new List<string>();
        Collect(start, ending, found);
        found.Sort(StringComparer.Ordinal);
        return found;
    }

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    public static string[] Lines(string path) => File.ReadAllLines(Path.Combine(Root, path));

    private static void Collect(string folder, string ending, List<string> found)
    {
        foreach (var file in Directory.EnumerateFiles(folder))
        {
            if (file.EndsWith(ending, StringComparison.Ordinal))
                found.Add(Path.GetRelativePath(Root, file));
        }

        foreach (var child in Directory.EnumerateDirectories(folder))
        {
            if (!Skipped.Contains(Path.GetFileName(child)))
                Collect(child, ending, found);
        }
    }

    private static string FindRoot([CallerFilePath] string thisFile = "")
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Swarm.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException($"no Swarm.sln above {thisFile}");
    }
}
