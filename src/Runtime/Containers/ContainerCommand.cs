namespace Swarm.Runtime.Containers;

/// <summary>A command that somebody talks to while it runs in a container.</summary>
public sealed record ContainerCommand
{
    /// <summary>Most bytes of arguments and variables together; the kernel takes 128 KiB for one of them.</summary>
    public const int MaxTextBytes = 1 << 20;

    /// <summary>Program and arguments; a program without a slash is looked up in PATH.</summary>
    public required IReadOnlyList<string> Args { get; init; }

    /// <summary>KEY=value lines on top of those of the container.</summary>
    public IReadOnlyList<string> Env { get; init; } = [];

    /// <summary><c>user[:group]</c>, names or ids of the container; empty = the user of the container.</summary>
    public string User { get; init; } = "";

    /// <summary>Absolute and clean; empty = that of the container.</summary>
    public string Cwd { get; init; } = "";

    /// <summary>It gets a terminal of its own in the container: one stream, both ways.</summary>
    public bool Tty { get; init; }

    /// <summary>It gets standard input; without, that is at its end from the beginning.</summary>
    public bool OpenInput { get; init; }

    /// <summary>Of the terminal.</summary>
    public TerminalSize Size { get; init; }

    /// <exception cref="ContainerException">It breaks a rule.</exception>
    internal void Check()
    {
        if (Args.Count == 0 || Args[0].Length == 0)
            throw new ContainerException("no command was given");
        if (Args.Concat(Env).Append(User).Any(static t => t.Contains('\0')))
            throw new ContainerException("command, user or environment contains a NUL character");
        if (Args.Concat(Env).Sum(static t => (long)t.Length) > MaxTextBytes)
            throw new ContainerException($"command and environment are longer than {MaxTextBytes} bytes");
        if (Env.FirstOrDefault(static v => v.IndexOf('=') <= 0) is not null)
            throw new ContainerException("an environment variable is not NAME=value");
        if (Cwd.Length > 0)
            ContainerSpecRules.CheckCwd(Cwd);
    }
}

/// <summary>Of a terminal, in characters; 0 = not known.</summary>
public readonly record struct TerminalSize(ushort Rows, ushort Columns);

/// <summary>A piece of what a container writes.</summary>
public readonly record struct ContainerOutput(bool IsError, ReadOnlyMemory<byte> Data);

/// <summary>How a session with a container ended.</summary>
/// <param name="ExitCode">0–255; 128 + signal when a signal ended it; 126 when the command could not be started, 127
/// when there is no such command.</param>
/// <param name="Failure">Why it could not be started or was cut off, one line; null when it ended by itself.</param>
public readonly record struct SessionEnd(int ExitCode, string? Failure);
