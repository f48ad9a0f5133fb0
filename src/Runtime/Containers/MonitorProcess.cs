using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Swarm.Runtime.Containers;

/// <summary>Processes of a container that has been created but not started.</summary>
internal readonly record struct CreatedProcesses(ProcessIdentity Monitor, ProcessIdentity Init);

/// <summary>
/// Starts conmon, which runs the OCI runtime's `create`, detaches itself and reports on a pipe. It outlives the daemon,
/// holds the container's output, and leaves exit code and OOM marker in the container's directory.
/// </summary>
internal static class MonitorProcess
{
    private const int MaxReportBytes = 64 * 1024;
    private const int SyncDescriptor = 3;

    /// <summary>A monitor that copies a flood is to take what the daemon and the containers leave.</summary>
    private const int NiceOfMonitors = 10;

    /// <exception cref="ContainerException">The runtime refused; the message says what it said.</exception>
    internal static CreatedProcesses Create(RuntimeHost host, ContainerDirectory directory, ContainerSpec spec)
    {
        var report = Launch(host, Arguments(host, directory, spec));
        var init = ParseReport(report, out var message);
        if (init <= 0)
        {
            var detail = message.Length > 0 ? message : RuntimeErrorText.LastOf(directory.RuntimeLog);
            throw new ContainerException(RuntimeErrorText.Readable(detail, spec.Args[0]));
        }
        var monitor = int.Parse(File.ReadAllText(directory.MonitorPid).Trim(), CultureInfo.InvariantCulture);
        // Now that the container's own processes, which would inherit it, are there.
        ContainerNative.TryYield(monitor, NiceOfMonitors);
        return new CreatedProcesses(
            ProcessIdentity.TryOf(monitor) ?? new ProcessIdentity(monitor, 0),
            ProcessIdentity.TryOf(init) ?? new ProcessIdentity(init, 0));
    }

    private static List<string> Arguments(RuntimeHost host, ContainerDirectory directory, ContainerSpec spec)
    {
        var args = new List<string>
        {
            "--api-version", "1", "--cid", spec.Id, "--cuuid", spec.Id,
            // For the journal alone, which has it as CONTAINER_NAME.
            "--name", spec.About.Name.Length > 0 ? spec.About.Name : spec.Id,
            "--runtime", host.Oci.CreateProgram, "--bundle", directory.Bundle,
            "--container-pidfile", directory.InitPid, "--conmon-pidfile", directory.MonitorPid,
            "--exit-dir", directory.ExitDirectory, "--persist-dir", directory.Persist,
            "--socket-dir-path", host.Paths.AttachSockets,
            "--log-path", spec.Log.Target == LogTarget.Nowhere
                ? "none"
                : "k8s-file:" + Path.Combine(directory.Logs, LogFiles.Current),
            "--log-size-max", spec.Log.MaxFileBytes.ToString(CultureInfo.InvariantCulture),
            // Syncing a whole file system at each exit would stall every neighbour.
            "--no-sync-log", "--log-level", "error",
        };
        if (spec.Log.Target == LogTarget.FilesAndJournal)
            args.AddRange(["--log-path", "journald:"]);
        foreach (var argument in host.Oci.CreateArguments(directory.RuntimeLog))
            args.Add("--runtime-arg=" + argument);
        if (spec.Tty)
            args.Add("--terminal");
        else if (spec.Stdin)
            args.Add("--stdin");
        return args;
    }

    private static string Launch(RuntimeHost host, List<string> args)
    {
        var (readEnd, writeEnd) = ContainerNative.Pipe();
        try
        {
            int parent;
            try
            {
                string[] environment = [.. ToolProcess.Environment, "_OCI_SYNCPIPE=" + SyncDescriptor];
                parent = SpawnNative.Spawn(host.Conmon, args, environment, -1, writeEnd);
            }
            finally
            {
                _ = ContainerNative.close(writeEnd);
            }
            // The parent only forks: it ends at once.
            _ = ToolProcess.Reap(parent);
            return ReadLine(readEnd);
        }
        finally
        {
            _ = ContainerNative.close(readEnd);
        }
    }

    private static string ReadLine(int fd)
    {
        var text = new byte[MaxReportBytes];
        var length = 0;
        while (length < text.Length && ContainerNative.WaitReadable(fd, RuntimeHost.ToolTimeoutMs))
        {
            var count = ContainerNative.Read(fd, text.AsSpan(length));
            length += count;
            if (count == 0 || text.AsSpan(0, length).Contains((byte)'\n'))
                return Encoding.UTF8.GetString(text, 0, length);
        }
        throw new ContainerException(
            $"the container monitor did not report within {RuntimeHost.ToolTimeoutMs / 1000} s");
    }

    private static int ParseReport(string report, out string message)
    {
        message = "";
        if (report.Length == 0)
            return -1;
        try
        {
            using var document = JsonDocument.Parse(report);
            if (document.RootElement.TryGetProperty("message", out var text))
                message = text.GetString() ?? "";
            return document.RootElement.GetProperty("data").GetInt32();
        }
        catch (JsonException)
        {
            message = report;
            return -1;
        }
    }
}
