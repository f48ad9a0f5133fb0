namespace Swarm.Raft.Storage;

/// <summary>The data keys of a member. Any thread.</summary>
internal sealed class KeyRing
{
    private volatile DataKey[] _keys;

    public KeyRing(IReadOnlyList<DataKey> keys)
    {
        foreach (var key in keys)
            Check(key);
        _keys = [.. keys];
    }

    /// <summary>Id of the key that writes; empty for plaintext.</summary>
    public Guid Newest => _keys is [.., var last] ? last.Id : Guid.Empty;

    /// <summary>From here on this key writes. False when it did already.</summary>
    public bool Add(DataKey key)
    {
        Check(key);
        if (Newest == key.Id)
            return false;
        _keys = [.. _keys.Where(k => k.Id != key.Id), key];
        return true;
    }

    /// <summary>The cipher of a new file; null for plaintext.</summary>
    public FileCipher? ToWrite(Guid id, ReadOnlySpan<byte> salt, string purpose) =>
        id == Guid.Empty ? null : FileCipher.Derive(_keys.First(k => k.Id == id), salt, purpose);

    /// <summary>The cipher of a file that is there; null when it is plaintext.</summary>
    /// <exception cref="StorageRefusedException">Its key is not here, or it has none although there are
    /// keys.</exception>
    public FileCipher? ToRead(string path, Guid id, ReadOnlySpan<byte> salt, string purpose)
    {
        var keys = _keys;
        if (id == Guid.Empty && keys.Length == 0)
            return null;
        if (id == Guid.Empty)
            throw new StorageRefusedException(
                $"{path} is not encrypted, although this member encrypts what it stores: it is not trusted");
        var at = Array.FindIndex(keys, k => k.Id == id);
        return at >= 0
            ? FileCipher.Derive(keys[at], salt, purpose)
            : throw new StorageRefusedException(
                $"{path} is encrypted with data key {id}, which is not among the {keys.Length} keys given: unlock this "
                + "manager with the key that was in force when it was written");
    }

    public static StorageRefusedException Wrong(string path, Guid id) => new(
        $"{path} is encrypted with data key {id}, and the key given under this id is another one: unlock this manager "
        + "with the key that was in force when it was written");

    private static void Check(DataKey key)
    {
        if (key.Id == Guid.Empty)
            throw new ArgumentException("a data key needs an id");
        if (key.Key.Length != DataKey.KeyBytes)
            throw new ArgumentException($"data key {key.Id} has {key.Key.Length} bytes, not {DataKey.KeyBytes}");
    }
}
