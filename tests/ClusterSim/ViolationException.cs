namespace Swarm.ClusterSim;

/// <summary>A broken invariant.</summary>
/// <param name="checker">Its name in the list of invariants: S1, L1, …</param>
/// <param name="what">What was seen.</param>
internal sealed class ViolationException(string checker, string what) : Exception($"{checker}: {what}")
{
    public string Checker { get; } = checker;
}
