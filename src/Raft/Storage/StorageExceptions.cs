namespace Swarm.Raft.Storage;

/// <summary>
/// The medium failed. What was written since the last sync may be lost although the file still shows it, so nothing
/// is retried: the process ends, and the next start rewrites the tail.
/// </summary>
public sealed class StorageFailedException : Exception
{
    /// <summary>ENOSPC.</summary>
    internal const int NoSpaceErrno = 28;

    private const int QuotaErrno = 122;

    /// <summary>An operation on a path failed with an errno of Linux (0 when it is not known).</summary>
    public StorageFailedException(string operation, string path, int errno, Exception? inner = null)
        : base($"{operation} of {path} failed: {Describe(errno, inner)}; nothing after it was acknowledged. "
            + "Check the disk, then start again.", inner) => Errno = errno;

    /// <summary>Linux errno, or 0.</summary>
    public int Errno { get; }

    /// <summary>There is no space left.</summary>
    public bool IsNoSpace => Errno is NoSpaceErrno or QuotaErrno;

    private static string Describe(int errno, Exception? inner) => errno != 0
        ? $"{System.Runtime.InteropServices.Marshal.GetPInvokeErrorMessage(errno)} (errno {errno})"
        : inner?.Message ?? "unknown error";
}

/// <summary>What is on disk is damaged where it was durable once. It is not touched, and the member does not
/// start.</summary>
public sealed class StorageCorruptException(string file, long offset, string what) : Exception(
    $"{file} is damaged at offset {offset}: {what}. Acknowledged entries may be affected, so this member will not "
    + "start with it. If the other members have a quorum, remove this member, delete its directory and join it again "
    + "as a new one; otherwise restore a backup.")
{
    /// <summary>Damaged file.</summary>
    public string File { get; } = file;

    /// <summary>Offset in bytes of what cannot be read.</summary>
    public long Offset { get; } = offset;
}

/// <summary>The directory cannot be used as it is: another owner, another cluster, another member, another
/// key.</summary>
public sealed class StorageRefusedException(string message) : Exception(message);
