using System.Diagnostics;

namespace Swarm.EndToEnd;

/// <summary>Deadlines here are bounds of liveness, generous for a loaded machine; bench measures speed.</summary>
internal static class Wait
{
    private const int PollMs = 100;

    /// <summary>Polls until the condition holds; fails with what was expected and what was there last.</summary>
    public static void Until(string expected, int seconds, Func<bool> condition, Func<string>? state = null)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            if (clock.Elapsed.TotalSeconds > seconds)
                Assert.Fail($"not within {seconds} s: {expected}\n{state?.Invoke()}\n{Trouble.Text()}");
            Thread.Sleep(PollMs);
        }
    }
}
