using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Swarm.Raft.Storage;
using Swarm.Runtime.Containers;

namespace Swarm.Node;

/// <summary>From the command line to a running daemon and its end.</summary>
internal static class DaemonProgram
{
    private const int MinPoolThreads = 64;
    private const int ExitUsage = 2;
    private const int ExitFailed = 1;

    /// <summary>The version that `swarmctl version` and `node ls` show.</summary>
    internal static string Version { get; } =
        typeof(DaemonProgram).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";

    internal static async Task<int> RunAsync(string[] args)
    {
        if (args.Any(a => a is "--help" or "-h"))
        {
            Console.Out.WriteLine(DaemonOptions.Usage);
            return 0;
        }

        if (args.Contains("--version"))
        {
            Console.Out.WriteLine($"swarmd version {Version}");
            return 0;
        }

        DaemonOptions options;
        try
        {
            options = DaemonOptions.Parse(args);
        }
        catch (FormatException e)
        {
            Console.Error.WriteLine($"swarmd: {e.Message}");
            return ExitUsage;
        }

        // Mounts, namespaces and process starts block their thread: with a thread a core, heartbeats between managers
        // would wait for them, and a busy start of many containers would cost the leader its office.
        ThreadPool.SetMinThreads(MinPoolThreads, MinPoolThreads);
        // Before anything is opened: no descriptor that somebody left open may reach a container runtime.
        ProcessHygiene.MarkDescriptorsCloseOnExec();
        ProcessHygiene.ForbidDumps();
        using var loggers = Loggers(options.Debug);
        return await RunAsync(options, loggers).ConfigureAwait(false);
    }

    private static async Task<int> RunAsync(DaemonOptions options, ILoggerFactory loggers)
    {
        var log = new NodeLog(loggers.CreateLogger("swarmd"));
        using var stop = new CancellationTokenSource();
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, c => Stop(c, stop));
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, c => Stop(c, stop));
        try
        {
            await using var daemon = await NodeDaemon.StartAsync(options, loggers, stop.Token).ConfigureAwait(false);
            log.Ready(Version, options.Socket, options.DataDir);
            var broken = await daemon.WaitAsync(stop.Token).ConfigureAwait(false);
            if (broken is not null)
            {
                log.Broken(broken);
                // The console's lines are written by a thread that the exit does not wait for.
                loggers.Dispose();
                Environment.Exit(ExitFailed);
            }

            log.Stopping();
            return 0;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidOperationException
            or InvalidDataException
            or ContainerException or StorageCorruptException or StorageRefusedException or StorageFailedException)
        {
            log.CannotStart(e.Message);
            return ExitFailed;
        }
    }

    private static void Stop(PosixSignalContext context, CancellationTokenSource stop)
    {
        context.Cancel = true;
        stop.Cancel();
    }

    private static ILoggerFactory Loggers(bool debug) => LoggerFactory.Create(builder => builder
        .SetMinimumLevel(debug ? LogLevel.Debug : LogLevel.Information)
        .AddFilter("Microsoft", LogLevel.Warning)
        .AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
            console.ColorBehavior = LoggerColorBehavior.Disabled;
        }));
}
