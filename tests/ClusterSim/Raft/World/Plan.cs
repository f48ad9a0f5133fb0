namespace Swarm.ClusterSim.Raft;

/// <summary>What is decided at the beginning of a run.</summary>
internal sealed record Plan
{
    /// <summary>Managers at the start.</summary>
    public required int Members { get; init; }

    public int MaxMembers { get; init; } = 7;

    public int Clients { get; init; } = 4;

    /// <summary>Clients that only read, without pause, from whoever leads.</summary>
    public int Readers { get; init; }

    /// <summary>Mean time between a client's operations.</summary>
    public int ThinkMs { get; init; } = 120;

    public int ReadPerThousand { get; init; } = 500;

    public int ClientLossPerThousand { get; init; }

    /// <summary>Services and nodes that clients fight over.</summary>
    public IReadOnlyList<string> Objects { get; init; } = ["n1", "n2", "s1", "s2", "s3"];

    /// <summary>Small, so that segments end and are dropped all the time.</summary>
    public int SegmentBytes { get; init; } = 16 << 10;

    /// <summary>Log and snapshots are encrypted, each member's with keys of its own.</summary>
    public bool Encrypted { get; init; }

    /// <summary>Clients ask again under the same id when they do not know what came of a change.</summary>
    public bool RetryUnknown { get; init; } = true;

    public int SnapshotEveryEntries { get; init; } = 40;

    public int KeepEntries { get; init; } = 20;

    /// <summary>Mean time between two looks of a watcher.</summary>
    public int WatchMs { get; init; } = 150;

    /// <summary>How long work aside may wait.</summary>
    public int AsideMs { get; init; } = 20;

    public int MaxUncommittedEntries { get; init; } = 50;

    public int SafetyMs { get; init; } = 15_000;

    /// <summary>Time until a member that went down is started again, at most.</summary>
    public int RestartMs { get; init; } = 3_000;

    /// <summary>What goes wrong is decided by the scenario's script alone: nobody restarts by itself.</summary>
    public bool Scripted { get; init; }
}
