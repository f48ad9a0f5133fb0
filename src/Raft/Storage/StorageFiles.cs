using System.Globalization;

namespace Swarm.Raft.Storage;

/// <summary>Names of the files in a member's directory.</summary>
internal static class StorageFiles
{
    public const string Lock = "LOCK";
    public const string Reserve = "reserve";

    /// <summary>Not finished; deleted at start.</summary>
    public const string Temporary = ".tmp";

    public const string Segment = ".wal";
    public const string Snapshot = ".snap";

    /// <summary>A snapshot from another member, whole and durable, whose log is not there yet.</summary>
    public const string Received = ".install";

    public static string SegmentName(ulong sequence) => Invariant($"{sequence:x16}{Segment}");

    public static string SnapshotName(ulong index, ulong term, string suffix) =>
        Invariant($"{index:x16}-{term:x16}{suffix}");

    /// <summary>Sequences of the segments in a list of names, ascending.</summary>
    public static List<ulong> Segments(string directory, IEnumerable<string> names) =>
        [.. names.Where(n => n.EndsWith(Segment, StringComparison.Ordinal))
            .Select(n => Number(directory, n, n[..^Segment.Length])).Order()];

    /// <summary>Snapshots with a suffix, newest first.</summary>
    public static List<(ulong Index, ulong Term, string Name)> Snapshots(
        string directory, IEnumerable<string> names, string suffix) =>
        [.. names.Where(n => n.EndsWith(suffix, StringComparison.Ordinal))
            .Select(n => SnapshotOf(directory, n, n[..^suffix.Length])).OrderDescending()];

    private static (ulong Index, ulong Term, string Name) SnapshotOf(string directory, string name, string numbers)
    {
        var parts = numbers.Split('-', 2);
        return (Number(directory, name, parts[0]), Number(directory, name, parts[^1]), name);
    }

    private static ulong Number(string directory, string name, string text) =>
        text.Length == 16 && ulong.TryParse(
            text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new StorageRefusedException(
                $"{Path.Combine(directory, name)} is not a file of the raft log: move it somewhere else");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
