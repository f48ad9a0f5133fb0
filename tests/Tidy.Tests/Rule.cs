namespace Swarm.Tidy.Tests;

internal static class Rule
{
    private const int MaxShown = 50;

    /// <summary>Fails with the list of what breaks the rule.</summary>
    public static void Holds(IEnumerable<string> breaches)
    {
        var all = breaches.ToList();
        if (all.Count == 0)
            return;
        var shown = string.Join("\n", all.Take(MaxShown));
        Assert.Fail($"{all.Count} breaches:\n{shown}");
    }
}
