namespace Swarm.Raft.Storage;

/// <summary>A key for data at rest (AES-256). Files name the id of theirs; ids are never used for another
/// key.</summary>
/// <param name="Id">Not empty: the empty id stands for plaintext.</param>
/// <param name="Key">Of <see cref="KeyBytes"/>, from a source of good randomness.</param>
public readonly record struct DataKey(Guid Id, ReadOnlyMemory<byte> Key)
{
    /// <summary>Length of a key.</summary>
    public const int KeyBytes = 32;
}
