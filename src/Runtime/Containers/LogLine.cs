namespace Swarm.Runtime.Containers;

/// <summary>One line of output, without its line feed.</summary>
/// <param name="At">When it was written, as the monitor saw it.</param>
/// <param name="Cut">The line was longer than <see cref="MaxBytes"/> (the rest follows as the next line) or was never
/// finished by a line feed.</param>
public sealed record LogLine(DateTimeOffset At, bool IsStandardError, ReadOnlyMemory<byte> Line, bool Cut)
{
    public const int MaxBytes = 256 * 1024;
}

/// <summary>Which lines are wanted.</summary>
/// <param name="Tail">Only the last n lines; negative = all.</param>
/// <param name="Since">Only lines written at this time or later.</param>
/// <param name="Follow">Go on until the container has ended.</param>
internal sealed record LogQuery(long Tail, DateTimeOffset? Since, bool Follow);
