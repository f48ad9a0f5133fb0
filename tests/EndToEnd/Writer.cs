using System.Collections.Concurrent;
using System.Diagnostics;

namespace Swarm.EndToEnd;

/// <summary>
/// Creates one service after the other, each through the next manager, and remembers what was acknowledged. A manager
/// that is none any more, or that is off, refuses; then the next one is asked.
/// </summary>
internal sealed class Writer : IDisposable
{
    private readonly Lab lab;
    private readonly ConcurrentQueue<string> acknowledged = new();
    private readonly CancellationTokenSource stop = new();
    private readonly Thread thread;
    private volatile string[] managers;
    private long longestMs;

    private Writer(Lab lab, string[] managers)
    {
        this.lab = lab;
        this.managers = managers;
        thread = new Thread(Run);
        thread.Start();
    }

    /// <summary>Names of services that must exist.</summary>
    internal string[] Acknowledged => [.. acknowledged];

    /// <summary>The longest that a write took which was acknowledged, swarmctl's start included.</summary>
    internal long LongestMs => Interlocked.Read(ref longestMs);

    internal static Writer Start(Lab lab, string[] managers) => new(lab, managers);

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
            var clock = Stopwatch.StartNew();
            var result = lab.Ctl(
                asked[number % asked.Length], "service", "create", "--detach", "--no-resolve-image", "--replicas", "0",
                "--name", name, "writer/nothing:1");
            if (result.ExitCode != 0)
                continue;
            acknowledged.Enqueue(name);
            if (clock.ElapsedMilliseconds > longestMs)
                Interlocked.Exchange(ref longestMs, clock.ElapsedMilliseconds);
        }
    }
}
