namespace Swarm.Runtime.Containers;

public enum ContainerPhase
{
    Creating,
    Created,
    Running,
    Exited,
}

/// <summary>What is known about one container.</summary>
/// <param name="Pid">Process id of its first process on the host; 0 while creating.</param>
/// <param name="OneOff">A person runs it, it is nobody's task.</param>
public sealed record ContainerState(
    string Id, ContainerPhase Phase, int Pid, DateTimeOffset? StartedAt, ContainerExit? Exit,
    bool OneOff = false);

/// <summary>How a container ended.</summary>
/// <param name="ExitCode">0–255; 128 + n after signal n; <see cref="UnknownExitCode"/> when nobody saw it.</param>
/// <param name="Signal">What the exit code speaks of (a program that returns 128 + n looks the same).</param>
/// <param name="OutOfMemory">It failed and the kernel had killed one of its processes for lack of memory.</param>
/// <param name="Error">What went wrong beside the program itself, one line.</param>
public sealed record ContainerExit(int ExitCode, int? Signal, bool OutOfMemory, DateTimeOffset At, string? Error)
{
    public const int UnknownExitCode = 255;
}

/// <summary>A request on a container that was refused or failed, in one clear line.</summary>
public sealed class ContainerException : Exception
{
    public ContainerException(string message)
        : base(message)
    {
    }

    public ContainerException(string message, Exception inner)
        : base(message, inner)
    {
    }

    public ContainerException()
    {
    }
}
