namespace Swarm.Histories;

/// <summary>What the checker found; a closed family.</summary>
public abstract record Verdict
{
    private Verdict()
    {
    }

    /// <summary>There is an order of all operations, true to their times, that explains every answer.</summary>
    /// <param name="Operations">Operations that were looked at.</param>
    /// <param name="Keys">Keys they belong to.</param>
    public sealed record Ok(int Operations, int Keys) : Verdict;

    /// <summary>There is none.</summary>
    /// <param name="Key">The key whose history cannot be explained.</param>
    /// <param name="Broken">The operation whose answer is the first that fits no order.</param>
    /// <param name="Minimal">The history up to there without the reads that are not needed for the contradiction,
    /// in the order of their starts.</param>
    public sealed record Violation(string Key, Operation Broken, IReadOnlyList<Operation> Minimal) : Verdict
    {
        private const int MaxShown = 20;

        /// <summary>The contradiction in words: the last operations before it.</summary>
        public string Explanation
        {
            get
            {
                var left = Minimal.Count - MaxShown;
                var lines = Minimal.Skip(Math.Max(0, left)).Select(o => o.ToString());
                return $"no order explains {Broken}{Environment.NewLine}"
                    + (left > 0 ? FormattableString.Invariant($"({left} earlier operations){Environment.NewLine}") : "")
                    + string.Join(Environment.NewLine, lines);
            }
        }
    }

    /// <summary>The search took more than it was allowed.</summary>
    /// <param name="Key">The key whose history is too entangled.</param>
    /// <param name="Steps">Steps that were taken for it.</param>
    public sealed record Undecided(string Key, long Steps) : Verdict;
}
