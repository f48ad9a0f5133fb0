namespace Swarm.Manager.Backup;

/// <summary>Why a file cannot be used as a backup.</summary>
public enum BackupFault
{
    /// <summary>Something else than a backup.</summary>
    NotABackup,

    /// <summary>Bytes were changed or are missing.</summary>
    Damaged,

    /// <summary>A newer program wrote it.</summary>
    Newer,

    /// <summary>It is encrypted, and no secret or another one was given.</summary>
    WrongSecret,
}

/// <summary>A backup cannot be read; one line that says what is wrong, where, and what to do.</summary>
public sealed class BackupException(BackupFault fault, string message, Exception? cause = null)
    : Exception(message, cause)
{
    /// <summary>What kind of fault it is.</summary>
    public BackupFault Fault { get; } = fault;

    internal static BackupException Damaged(long offset, string what) => new(
        BackupFault.Damaged, $"the backup is damaged at byte {offset}: {what}; use another copy of it");

    internal static BackupException Cut(long offset) => new(
        BackupFault.Damaged,
            $"the backup ends at byte {offset}, before its end: it was cut off; use another copy of it");
}
