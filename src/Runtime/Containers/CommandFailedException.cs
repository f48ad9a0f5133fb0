namespace Swarm.Runtime.Containers;

/// <summary>A command could not be started in a container; one line for the user.</summary>
public sealed class CommandFailedException : Exception
{
    public CommandFailedException(int exitCode, string message)
        : base(message) => ExitCode = exitCode;

    public CommandFailedException(string message)
        : this(RuntimeErrorText.CannotRun, message)
    {
    }

    public CommandFailedException(string message, Exception inner)
        : base(message, inner) => ExitCode = RuntimeErrorText.CannotRun;

    public CommandFailedException()
        : this("the command could not be started")
    {
    }

    /// <summary>126 or 127, as of shells.</summary>
    public int ExitCode { get; }
}
