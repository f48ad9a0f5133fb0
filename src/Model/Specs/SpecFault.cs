namespace Swarm.Model;

/// <summary>One fault of a request: what stands where, which rule it breaks, what to do (bad-input.md,
/// Rules).</summary>
/// <param name="Field">Path of the field, "task.container.mounts[0].target".</param>
/// <param name="Value">The offending value as given.</param>
/// <param name="Rule">The rule that it breaks.</param>
/// <param name="Remedy">What would be accepted.</param>
public sealed record SpecFault(string Field, string Value, string Rule, string Remedy)
{
    /// <summary>One line for a person.</summary>
    public override string ToString() =>
        Value.Length == 0 ? $"{Field}: {Rule}; {Remedy}" : $"{Field}: '{Value}': {Rule}; {Remedy}";
}
