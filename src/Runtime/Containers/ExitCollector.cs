using System.Globalization;

namespace Swarm.Runtime.Containers;

/// <summary>Puts together how a container ended, from what the monitor and the kernel left behind.</summary>
internal static class ExitCollector
{
    private const int SignalBase = 128;
    private const int LargestSignal = 64;

    /// <param name="missing">Error text when the monitor left no exit code.</param>
    internal static ContainerExit Collect(
        RuntimeHost host, ContainerDirectory directory, ContainerRecord record, string missing)
    {
        if (ReadExitFile(Path.Combine(directory.ExitDirectory, record.Id)) is not { } found)
            return new ContainerExit(ContainerExit.UnknownExitCode, null, false, host.Now, missing);
        var (code, at) = found;
        var outOfMemory = code != 0
            && (File.Exists(directory.OomMarker) || host.Cgroups.OomKills(record.CgroupPath) > 0);
        int? signal = code is > SignalBase and <= SignalBase + LargestSignal ? code - SignalBase : null;
        return new ContainerExit(code, signal, outOfMemory, at, null);
    }

    private static (int Code, DateTimeOffset At)? ReadExitFile(string path)
    {
        try
        {
            var code = int.Parse(File.ReadAllText(path).Trim(), CultureInfo.InvariantCulture);
            return (code, new DateTimeOffset(File.GetLastWriteTimeUtc(path), TimeSpan.Zero));
        }
        catch (Exception e) when (e is IOException or FormatException)
        {
            return null;
        }
    }
}
