namespace Swarm.Torture;

internal static class Quantiles
{
    /// <summary>The smallest value that is not below the given part of all; of a sorted list.</summary>
    internal static double Of(IReadOnlyList<double> sorted, double part) =>
        sorted[Math.Clamp((int)Math.Ceiling(part * sorted.Count) - 1, 0, sorted.Count - 1)];
}
