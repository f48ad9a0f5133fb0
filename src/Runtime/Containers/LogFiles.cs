using System.Globalization;

namespace Swarm.Runtime.Containers;

/// <summary>
/// The log directory of one container. The monitor writes `log` and, when it is full, renames a fresh file over it,
/// which would drop the old one; a second link, `log.kept`, keeps it alive until it becomes `log.1`.
/// </summary>
internal static class LogFiles
{
    internal const string Current = "log";
    private const string Kept = "log.kept";
    private const int MaxLooks = 100;
    private static readonly Lock s_turning = new();

    /// <summary>Moves a full file to log.1 and older ones on; harmless when nothing happened.</summary>
    internal static void TurnOver(string directory, int maxFiles)
    {
        // Whoever adopts a container and whoever watches it may come at once.
        lock (s_turning)
            TurnOverAlone(directory, maxFiles);
    }

    private static void TurnOverAlone(string directory, int maxFiles)
    {
        var current = Path.Combine(directory, Current);
        var kept = Path.Combine(directory, Kept);
        var currentFile = ContainerNative.TryStat(current);
        var keptFile = ContainerNative.TryStat(kept);
        if (currentFile is null || currentFile.Value.Inode == keptFile?.Inode)
            return;
        if (keptFile is not null)
            Shift(directory, kept, maxFiles - 1);
        _ = ContainerNative.TryLink(current, kept);
    }

    /// <summary>
    /// Existing files, oldest first, each once. Names that move on while they are looked at would hide a file, so it is
    /// looked until nothing has changed.
    /// </summary>
    internal static List<(string Path, ulong Inode)> InOrder(string directory)
    {
        var before = Look(directory);
        for (var look = 1; look < MaxLooks; look++)
        {
            var now = Look(directory);
            if (now.SequenceEqual(before))
                break;
            before = now;
        }
        return before;
    }

    private static List<(string Path, ulong Inode)> Look(string directory)
    {
        var result = new List<(string Path, ulong Inode)>();
        var candidates = Enumerable.Range(1, LogLimits.MostFiles).Select(i => Numbered(directory, i)).Reverse()
            .Append(Path.Combine(directory, Kept)).Append(Path.Combine(directory, Current));
        foreach (var path in candidates)
            if (ContainerNative.TryStat(path) is { } found && result.All(r => r.Inode != found.Inode))
                result.Add((path, found.Inode));
        return result;
    }

    private static void Shift(string directory, string kept, int archived)
    {
        if (archived == 0)
        {
            File.Delete(kept);
            return;
        }
        for (var i = archived - 1; i >= 1; i--)
            if (File.Exists(Numbered(directory, i)))
                File.Move(Numbered(directory, i), Numbered(directory, i + 1), overwrite: true);
        File.Move(kept, Numbered(directory, 1), overwrite: true);
    }

    private static string Numbered(string directory, int number) =>
        Path.Combine(directory, Current + "." + number.ToString(CultureInfo.InvariantCulture));
}
