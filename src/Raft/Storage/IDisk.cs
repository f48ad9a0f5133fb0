namespace Swarm.Raft.Storage;

/// <summary>
/// The disk as the log needs it: the seam at which tests and the simulator lose, tear and fail. Every method
/// throws <see cref="StorageFailedException"/> when the medium fails.
/// </summary>
public interface IDisk
{
    /// <summary>Makes the directory (0700) and its parents durable, if it is not there.</summary>
    void CreateDirectory(string directory);

    /// <summary>Names (without path) of the files in a directory, sorted ordinally.</summary>
    IReadOnlyList<string> ListFiles(string directory);

    /// <summary>A new empty file (0600) in place of one that may be there.</summary>
    IDiskFile Create(string path);

    /// <summary>An existing file.</summary>
    IDiskFile Open(string path);

    /// <summary>Renames over what is there. Durable after <see cref="SyncDirectory"/>.</summary>
    void Rename(string from, string to);

    /// <summary>Removes a file. Durable after <see cref="SyncDirectory"/>.</summary>
    void Delete(string path);

    /// <summary>Makes creations, renames and removals in a directory durable.</summary>
    void SyncDirectory(string directory);

    /// <summary>Exclusive use of a path until disposed; a second owner is refused, also in the same process.</summary>
    IDisposable Lock(string path);
}

/// <summary>An open file.</summary>
public interface IDiskFile : IDisposable
{
    /// <summary>Length in bytes.</summary>
    long LengthBytes { get; }

    /// <summary>Fills the buffer from an offset.</summary>
    void Read(long offset, Span<byte> buffer);

    /// <summary>Writes all bytes at an offset.</summary>
    void Write(long offset, ReadOnlySpan<byte> bytes);

    /// <summary>Returns when all that was written is on the medium. After a failure the file is not to be
    /// used.</summary>
    void Sync();
}
