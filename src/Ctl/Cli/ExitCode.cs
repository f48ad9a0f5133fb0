namespace Swarm.Ctl.Cli;

/// <summary>What a script may rely on.</summary>
internal static class ExitCode
{
    internal const int Done = 0;

    /// <summary>Refused, or a service did not converge.</summary>
    internal const int Refused = 1;

    /// <summary>The command line itself is wrong; nothing was sent.</summary>
    internal const int Usage = 2;

    internal const int NotFound = 3;

    /// <summary>Somebody else changed the object meanwhile, or the name is taken.</summary>
    internal const int Conflict = 4;

    /// <summary>No daemon, no quorum, no route.</summary>
    internal const int Unavailable = 5;

    internal const int Timeout = 6;

    /// <summary>And the number of the signal that ended it.</summary>
    internal const int Signalled = 128;

    /// <summary>Interrupted by the user (128 + SIGINT).</summary>
    internal const int Interrupted = 130;
}

/// <summary>The command line is wrong; the message names the flag, its value and what would be right.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>The command cannot be carried out.</summary>
internal sealed class CtlException(int exitCode, string message) : Exception(message)
{
    internal int ExitCode { get; } = exitCode;
}
