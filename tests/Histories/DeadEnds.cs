using System.Runtime.InteropServices;

namespace Swarm.Histories;

/// <summary>
/// What was tried. Of two situations with the same answered operations placed and the same value, the one that has
/// used fewer unknown operations can do all that the other can: so a situation is known when one with a subset of its
/// unknown operations was tried.
/// </summary>
internal sealed class DeadEnds
{
    private const int WordBits = 64;
    private readonly Dictionary<(UInt128 Placed, int State), List<ulong[]>> _tried = [];
    private readonly int[] _unknownOf;
    private readonly ulong[] _unknowns;
    private UInt128 _placed;

    public DeadEnds(Step[] steps)
    {
        _unknownOf = new int[steps.Length];
        var count = 0;
        foreach (var step in steps)
            _unknownOf[step.Index] = step.Optional ? count++ : -1;
        _unknowns = new ulong[(count + WordBits - 1) / WordBits];
    }

    /// <summary>True when the situation after a step was tried; remembers it otherwise.</summary>
    public bool Knows(Step step, int next)
    {
        Flip(step);
        ref var sets = ref CollectionsMarshal.GetValueRefOrAddDefault(_tried, (_placed, next), out _);
        sets ??= [];
        var known = sets.Exists(IsSubset);
        if (!known)
        {
            sets.RemoveAll(IsSuperset);
            sets.Add([.. _unknowns]);
        }
        Flip(step);
        return known;
    }

    /// <summary>The step was placed, or taken back.</summary>
    public void Flip(Step step)
    {
        if (_unknownOf[step.Index] is var unknown and >= 0)
            _unknowns[unknown / WordBits] ^= 1UL << (unknown % WordBits);
        else
            _placed ^= new UInt128(Mix((ulong)step.Index), Mix((ulong)step.Index ^ 0xD1B54A32D192ED03));
    }

    private bool IsSubset(ulong[] set)
    {
        for (var i = 0; i < set.Length; i++)
        {
            if ((set[i] & ~_unknowns[i]) != 0)
                return false;
        }
        return true;
    }

    private bool IsSuperset(ulong[] set)
    {
        for (var i = 0; i < set.Length; i++)
        {
            if ((_unknowns[i] & ~set[i]) != 0)
                return false;
        }
        return true;
    }

    private static ulong Mix(ulong value)
    {
        var z = (value + 1) * 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
