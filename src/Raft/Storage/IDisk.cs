namespace Swarm.Raft.Storage;

/// <summary>
/// The disk as the log needs it: the seam at which tests and the simulator lose, tear and fail. Every method
/// throws <see cref="StorageFailedException"/> when the medium fails. Different files may be used on different threads.
/// </summary>
public interface IDisk
{
    /// <summary>Places in a file that nothing else of it shares with begin at multiples of this.</summary>
    public const int PageBytes = 4096;

    /// <summary>Makes the directory (0700) and its parents durable, if it is not there.</summary>
    void CreateDirectory(string directory);

    /// <summary>Names (without path) of the files in a directory, sorted ordinally; none when it is not
    /// there.</summary>
    IReadOnlyList<string> ListFiles(string directory);

    /// <summary>A new empty file (0600) in place of one that may be there.</summary>
    IDiskFile Create(string path);

    /// <summary>An existing file. What is open stays readable after another took its name, or after it was
    /// deleted.</summary>
    IDiskFile Open(string path);

    /// <summary>
    /// An existing file that is only written, and by nobody else: at <paramref name="end"/>, then where the write
    /// before ended, or at a multiple of <see cref="PageBytes"/>. What stands behind a write up to the next multiple
    /// may be zero afterwards. Not before a sync does anything have to be in the file.
    /// </summary>
    IDiskFile OpenToAppend(string path, long end) => Open(path);

    /// <summary>Renames over what is there. Durable after <see cref="SyncDirectory"/>.</summary>
    void Rename(string from, string to);

    /// <summary>Removes a file. Durable after <see cref="SyncDirectory"/>.</summary>
    void Delete(string path);

    /// <summary>Makes creations, renames and removals in a directory durable.</summary>
    void SyncDirectory(string directory);

    /// <summary>When the content of a file was written last, by the wall clock of then; null where that is not
    /// kept.</summary>
    DateTimeOffset? WrittenAt(string path) => null;

    /// <summary>Exclusive use of a path until disposed; a second owner is refused, also in the same process.</summary>
    IDisposable Lock(string path);
}

/// <summary>An open file.</summary>
public interface IDiskFile : IDisposable
{
    /// <summary>Zeros are written in pieces of this length.</summary>
    private const int ZerosBytes = 256 << 10;

    /// <summary>Length in bytes.</summary>
    long LengthBytes { get; }

    /// <summary>Fills the buffer from an offset.</summary>
    void Read(long offset, Span<byte> buffer);

    /// <summary>Writes all bytes at an offset.</summary>
    void Write(long offset, ReadOnlySpan<byte> bytes);

    /// <summary>Returns when all that was written is on the medium. After a failure the file is not to be
    /// used.</summary>
    void Sync();

    /// <summary>Takes so much space for a file that is empty, so that nobody else can; what it holds does not
    /// matter.</summary>
    void Allocate(long lengthBytes) => WriteZeros(lengthBytes);

    /// <summary>Gives a file that is empty a length, full of zeros that are written and not only promised: later writes
    /// need no space and change no metadata.</summary>
    void WriteZeros(long lengthBytes)
    {
        var zeros = new byte[(int)Math.Min(lengthBytes, ZerosBytes)];
        for (var at = 0L; at < lengthBytes; at += zeros.Length)
            Write(at, zeros.AsSpan(0, (int)Math.Min(zeros.Length, lengthBytes - at)));
    }
}
