namespace Swarm.EndToEnd;

internal static class Repository
{
    /// <summary>The folder of Swarm.sln above the test's own binary.</summary>
    public static string Root { get; } = Find();

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Swarm.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException($"no Swarm.sln above {AppContext.BaseDirectory}");
    }
}
