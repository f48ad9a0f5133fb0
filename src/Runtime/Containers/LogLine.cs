namespace Swarm.Runtime.Containers;

/// <summary>One line of output, without its line feed.</summary>
/// <param name="At">When it was written, as the monitor saw it.</param>
/// <param name="Cut">The line was longer than <see cref="MaxBytes"/> (the rest follows as the next line) or was never
/// finished by a line feed.</param>
public sealed record LogLine(DateTimeOffset At, bool IsStandardError, ReadOnlyMemory<byte> Line, bool Cut)
{
    public const int MaxBytes = 256 * 1024;

    /// <summary>The so many-th line of its stream with that time, from 1: many may have the same.</summary>
    public long Nth { get; init; } = 1;
}

/// <summary>The line after which a log is read on.</summary>
public readonly record struct LogPosition(DateTimeOffset At, bool IsStandardError, long Nth);

/// <summary>Which lines are wanted.</summary>
/// <param name="Tail">Only the last n lines; negative = all.</param>
/// <param name="Since">Only lines written at this time or later.</param>
/// <param name="Follow">Go on until the container has ended.</param>
public sealed record LogQuery(long Tail, DateTimeOffset? Since, bool Follow)
{
    /// <summary>
    /// What was read before: all that follows in the log is wanted, whatever tail and since say. When that line is not
    /// kept any more, all that is younger.
    /// </summary>
    public LogPosition? After { get; init; }
}
