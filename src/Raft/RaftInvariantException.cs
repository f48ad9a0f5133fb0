using System.Diagnostics.CodeAnalysis;

namespace Swarm.Raft;

/// <summary>A rule of the protocol itself was broken. The memory of this process cannot be trusted: it has to
/// end.</summary>
public sealed class RaftInvariantException(string rule) : Exception($"broken raft invariant: {rule}")
{
    internal static void Check([DoesNotReturnIf(false)] bool holds, string rule)
    {
        if (!holds)
            throw new RaftInvariantException(rule);
    }
}
