using Swarm.RoutingMesh.Rules;

namespace Swarm.RoutingMesh.Tests;

public sealed class LibNftablesTests
{
    private const int CloseOnExec = 0x80000;

    /// <summary>The library itself does not see to that; a program that inherits it could change the rules.</summary>
    [Fact]
    public void Its_socket_is_closed_in_programs_that_are_started()
    {
        var before = Leaking().ToHashSet();
        using var library = LibNftables.TryOpen();
        Assert.Empty(Leaking().Except(before));
    }

    private static IEnumerable<string> Leaking() => Directory.GetFiles("/proc/self/fdinfo")
        .Where(f => int.Parse(Path.GetFileName(f)) > 2 && Flags(f) is { } flags && (flags & CloseOnExec) == 0)
        .Select(f => Path.GetFileName(f));

    /// <summary>Null for what is closed meanwhile.</summary>
    private static int? Flags(string descriptor)
    {
        try
        {
            var line = File.ReadLines(descriptor).First(l => l.StartsWith("flags:", StringComparison.Ordinal));
            return Convert.ToInt32(line.Split('\t')[1], 8);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
