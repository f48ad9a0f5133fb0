using System.Collections.Concurrent;

namespace Swarm.EndToEnd;

/// <summary>
/// Creates one service after the other, each through the next manager, and remembers what was acknowledged. A manager
/// that is none any more, or that is off, refuses; then the next one is asked.
/// </summary>
internal sealed class Writer : IDisposable
{
    private const int PauseMs = 100;
    private readonly ConcurrentQueue<string> acknowledged = new();
    private readonly CancellationTokenSource stop = new();
    private readonly Thread thread;
    private volatile string[] managers;

    private Writer(string[] managers)
    {
        this.managers = managers;
        thread = new Thread(Run);
        thread.Start();
    }

    /// <summary>Names of services that must exist.</summary>
    internal string[] Acknowledged => [.. acknowledged];

    internal static Writer Start(string[] managers) => new(managers);

    /// <summary>From now on these are asked.</summary>
    internal void Ask(string[] hosts) => managers = hosts;

    /// <summary>Waits until writes are acknowledged again.</summary>
    internal void Expect(string when)
    {
        var before = acknowledged.Count;
        Wait.Until($"writes go on {when}", 30, () => acknowledged.Count > before + 1);
    }

    public void Dispose()
    {
        stop.Cancel();
        thread.Join();
        stop.Dispose();
    }

    private void Run()
    {
        for (var number = 0; !stop.IsCancellationRequested; number++)
        {
            var name = $"write-{number}";
            var asked = managers;
            var result = QuickCtl.Run(
                asked[number % asked.Length], "service", "create", "--detach", "--no-resolve-image", "--replicas", "0",
                "--name", name, "writer/nothing:1");
            if (result.ExitCode == 0)
                acknowledged.Enqueue(name);
            stop.Token.WaitHandle.WaitOne(PauseMs);
        }
    }
}
