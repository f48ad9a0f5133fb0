namespace Swarm.Raft.Core;

/// <summary>Small seeded generator (xorshift64*, seeded through splitmix64): the same numbers on every
/// machine.</summary>
internal sealed class Xorshift
{
    private ulong _state;

    public Xorshift(ulong seed)
    {
        var z = seed + 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        _state = (z ^ (z >> 31)) | 1;
    }

    /// <summary>A number from <paramref name="min"/> to <paramref name="max"/>, both included.</summary>
    public int Between(int min, int max)
    {
        _state ^= _state >> 12;
        _state ^= _state << 25;
        _state ^= _state >> 27;
        var high = (_state * 0x2545F4914F6CDD1D) >> 33;
        return min + (int)(high % (ulong)(max - min + 1));
    }
}
