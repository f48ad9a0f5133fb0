using System.Globalization;

namespace Swarm.Runtime.Containers;

/// <summary>Signal names as users write them: SIGTERM, term, 15, SIGRTMIN+3.</summary>
public static class SignalName
{
    private const int LargestSignal = 64;
    private const int RealTimeMin = 34;
    private const int RealTimeMax = 64;

    /// <summary>Linux numbers of all architectures but MIPS, SPARC, Alpha and PA-RISC.</summary>
    private static readonly string[] Names =
    [
        "", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM",
        "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF",
        "WINCH", "IO", "PWR", "SYS",
    ];

    /// <summary>From 1 to 64.</summary>
    public static bool IsNumber(int signal) => signal is > 0 and <= LargestSignal;

    /// <exception cref="ContainerException">Not a signal.</exception>
    public static int Parse(string text)
    {
        var name = text.Trim().ToUpperInvariant();
        if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return number is > 0 and <= LargestSignal ? number : throw Unknown(text);
        if (name.StartsWith("SIG", StringComparison.Ordinal))
            name = name[3..];
        var index = name.Length == 0 ? -1 : Array.IndexOf(Names, name);
        if (index > 0)
            return index;
        return TryRealTime(name, "RTMIN", RealTimeMin)
            ?? TryRealTime(name, "RTMAX", RealTimeMax)
            ?? throw Unknown(text);
    }

    private static int? TryRealTime(string name, string prefix, int start)
    {
        if (!name.StartsWith(prefix, StringComparison.Ordinal))
            return null;
        var offset = 0;
        var rest = name[prefix.Length..];
        if (rest.Length > 0
            && !int.TryParse(rest, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out offset))
        {
            return null;
        }
        var number = start + offset;
        return number is >= RealTimeMin and <= RealTimeMax ? number : null;
    }

    private static ContainerException Unknown(string text) =>
        new($"unknown signal \"{text}\"; use a name like SIGTERM or a number from 1 to {LargestSignal}");
}
