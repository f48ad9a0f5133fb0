namespace Swarm.Model;

/// <summary>One fault of a request: what stands where, which rule it breaks, what to do (bad-input.md,
/// Rules).</summary>
/// <param name="Field">Path of the field, "task.container.mounts[0].target".</param>
/// <param name="Value">The offending value as given.</param>
/// <param name="Rule">The rule that it breaks.</param>
/// <param name="Remedy">What would be accepted.</param>
public sealed record SpecFault(string Field, string Value, string Rule, string Remedy)
{
    private const int MaxSentenceChars = 300;

    /// <summary>A fault whose parts hold what somebody wrote: short enough to be read, and nothing in them moves a
    /// cursor.</summary>
    public static SpecFault Shown(string field, string value, string rule, string remedy) => new(
        Printable.Value(field), Printable.Value(value), Printable.Line(rule, MaxSentenceChars),
        Printable.Line(remedy, MaxSentenceChars));

    /// <summary>One line for a person.</summary>
    public override string ToString() =>
        Value.Length == 0 ? $"{Field}: {Rule}; {Remedy}" : $"{Field}: '{Value}': {Rule}; {Remedy}";
}
