namespace Swarm.EndToEnd;

/// <summary>
/// What may tell why a test failed, for whoever has nothing but its text: how the nodes are, and what the daemons of
/// those that are not well said last.
/// </summary>
internal static class Trouble
{
    private const int MaxLines = 40;
    private const int MaxColumns = 300;
    private const string AskSeconds = "10";

    /// <summary>Of the lab that is up; empty when there is none.</summary>
    internal static string Text() => Lab.Present is { } lab ? Text(lab) : "";

    internal static string Text(Lab lab)
    {
        var hosts = Hosts();
        var nodes = hosts.Select(Ask).FirstOrDefault(list => list is { ExitCode: 0 });
        var well = nodes is null ? [] : nodes.Lines.Select(NodeRow.Parse).Where(IsWell).Select(n => n.Hostname);
        var parts = hosts.Except(well).Select(host => $"--- {host}, the end of its log:\n{End(host)}");
        return string.Join('\n', parts.Prepend(lab.Run("status").Text));
    }

    private static bool IsWell(NodeRow node) =>
        node.IsUsable && node.ManagerStatus is "" or "Leader" or "Reachable";

    private static string[] Hosts() => Directory.Exists(Lab.Folder)
        ? [.. Directory.GetDirectories(Lab.Folder, "n*").Select(d => Path.GetFileName(d)!).Order()]
        : [];

    /// <summary>Whoever answers; nothing may hang here.</summary>
    private static CommandResult Ask(string host) => CommandResult.Of(
        "timeout",
        [AskSeconds, Path.Combine(Repository.Root, "lab"), "ctl", host, "node", "ls", "--format", "json"]);

    private static string End(string host)
    {
        var log = Path.Combine(Lab.Folder, host, "swarmd.log");
        return File.Exists(log)
            ? string.Join('\n', File.ReadLines(log).TakeLast(MaxLines).Select(l => l[..Math.Min(l.Length, MaxColumns)]))
            : "it has none";
    }
}
