using System.Net.Sockets;
using Swarm.Ctl.Cli;

namespace Swarm.EndToEnd;

/// <summary>
/// swarmctl's own code in this process, against the daemon of a host: without the half second of processor that its
/// start takes on a busy machine, for what tests ask again and again. What a test is about runs as a program.
/// </summary>
internal static class QuickCtl
{
    private const int Off = 1;
    private const string SocketInHost = "run/swarm/swarm.sock";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(180);

    public static CommandResult Run(string host, params string[] arguments)
    {
        var shown = $"lab ctl {host} {string.Join(' ', arguments)}";
        if (Socket(host) is not { } socket)
            return new CommandResult(shown, Off, "", $"{host} is off");
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var run = Task.Run(() => CtlProgram.RunAsync(["--host", "unix://" + socket, .. arguments], output, errors));
        if (!run.Wait(Limit))
            Assert.Fail($"$ {shown}\ndid not end within {Limit.TotalSeconds} s");
        return new CommandResult(shown, run.Result, output.ToString(), errors.ToString());
    }

    /// <summary>True when somebody listens there.</summary>
    public static bool DaemonListens(string host)
    {
        if (Socket(host) is not { } path)
            return false;
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>As this machine sees it; null when the host is off.</summary>
    private static string? Socket(string host)
    {
        var file = Path.Combine(Lab.Folder, host, "init.pid");
        return File.Exists(file) ? $"/proc/{File.ReadAllText(file).Trim()}/root/{SocketInHost}" : null;
    }
}
