using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Swarm.Model;

/// <summary>
/// A broken invariant means that the memory of this process can no longer be trusted: it must stop,
/// not continue. Stays on in Release. Expected failures are results, not invariants.
/// </summary>
public static class Invariant
{
    /// <summary>Throws <see cref="InvariantException"/> unless <paramref name="holds"/>; hosts let it end the
    /// process.</summary>
    public static void Check(
        [DoesNotReturnIf(false)] bool holds,
        [CallerArgumentExpression(nameof(holds))] string rule = "")
    {
        if (!holds)
        {
            throw new InvariantException(rule);
        }
    }
}

/// <summary>A rule of the program itself was broken; the process has to end.</summary>
public sealed class InvariantException(string rule) : Exception($"broken invariant: {rule}");
