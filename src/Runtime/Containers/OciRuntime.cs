namespace Swarm.Runtime.Containers;

/// <summary>An OCI runtime program and how it has to be called on this host.</summary>
/// <param name="Wrapper">Script that shows crun an empty controller list (hybrid cgroups), or null.</param>
internal sealed record OciRuntime(string Path, string Version, string Root, string? Wrapper)
{
    private const string Unshare = "/usr/bin/unshare";

    internal string Name => System.IO.Path.GetFileName(Path);

    internal bool IsCrun => Name == "crun";

    /// <summary>What the monitor runs for `create`.</summary>
    internal string CreateProgram => Wrapper is null ? Path : Unshare;

    internal IEnumerable<string> CreateArguments(string log) =>
        (Wrapper is null ? [] : new[] { "--mount", Wrapper }).Concat(Global(log));

    /// <summary>Start needs no wrapper: the runtime looks at controllers only when it makes a cgroup.</summary>
    internal string[] StartArguments(string id, string log) => [.. Global(log), "start", id];

    /// <summary>Both runtimes keep this file from create until start.</summary>
    internal string StartFifo(string id) => System.IO.Path.Combine(Root, id, "exec.fifo");

    /// <summary>Without a log: what goes wrong stands in the output, as the command's own words do.</summary>
    internal string[] ExecArguments(string id, ExecFiles files) =>
        ["--root=" + Root, "exec", "--process=" + files.Process, "--pid-file=" + files.Pid, id];

    /// <summary>With a log, so that the command's words are its own.</summary>
    /// <param name="options">Such as --detach.</param>
    internal string[] SessionArguments(string id, ExecFiles files, params string[] options) =>
        [.. Global(files.Log), "exec", "--process=" + files.Process, "--pid-file=" + files.Pid, .. options, id];

    internal string[] DeleteArguments(string id) => ["--root=" + Root, "delete", "--force", id];

    private string[] Global(string log) => ["--root=" + Root, "--log=" + log, "--log-format=json"];

    /// <summary>
    /// Writes the wrapper. `unshare --mount` makes everything private, so the host never sees the bind mount, and the
    /// namespace ends with the runtime: it pins no other container's mounts.
    /// </summary>
    internal static void WriteWrapper(string path, string runtime, string controllersFile)
    {
        File.WriteAllText(
            path,
            $"#!/bin/sh\nmount -n --bind /dev/null {controllersFile} || exit 125\nexec {runtime} \"$@\"\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }
}
