namespace Swarm.Runtime.Containers;

/// <summary>A command to run beside the program of a container, as its user and with all its limits.</summary>
/// <param name="Args">Program and arguments.</param>
/// <param name="Timeout">When it is killed.</param>
/// <param name="MaxOutputBytes">Of standard output and error together; the rest is read and dropped.</param>
public sealed record ContainerExec(IReadOnlyList<string> Args, TimeSpan Timeout, int MaxOutputBytes);

/// <summary>What became of it.</summary>
/// <param name="ExitCode">0–255; 128 + signal when a signal ended it; that of the runtime when it could not
/// begin.</param>
/// <param name="Output">The first bytes of its output as text.</param>
/// <param name="TimedOut">It was killed because its time was over.</param>
public readonly record struct ExecResult(int ExitCode, string Output, bool TimedOut);
