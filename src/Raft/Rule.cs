namespace Swarm.Raft;

/// <summary>
/// Bugs that can be planted, named after the rule that each breaks (raft-pitfalls R1 to R33). The simulator has to find
/// every one.
/// </summary>
internal enum Rule
{
    /// <summary>All rules hold.</summary>
    None,

    /// <summary>A vote leaves before it and its term are durable.</summary>
    R1,

    /// <summary>A restart forgets whom the vote of the term was for.</summary>
    R1Vote,

    /// <summary>Entries are acknowledged before they are durable.</summary>
    R2,

    /// <summary>A leader counts itself, applies and answers before its own sync.</summary>
    R3,

    /// <summary>A leader commits entries of older terms by counting (figure 8).</summary>
    R4,

    /// <summary>Every append truncates, not only one that differs.</summary>
    R5,

    /// <summary>An answer of an older term counts.</summary>
    R6,

    /// <summary>A heartbeat commits what a follower has, whether or not it is what the leader has.</summary>
    R6Heartbeat,

    /// <summary>A membership change is taken before an entry of the own term is committed.</summary>
    R7,

    /// <summary>A second membership change is taken before the first is committed.</summary>
    R7Two,

    /// <summary>A configuration stays in force although its entry was truncated.</summary>
    R8,

    /// <summary>No pre-vote: who hears no leader raises its term at once.</summary>
    R9,

    /// <summary>Votes are given away although a leader is heard.</summary>
    R9Sticky,

    /// <summary>A leader whose removal is committed leads on.</summary>
    R9Removed,

    /// <summary>A pre-vote of an older term is not answered, so that terms that drifted never meet.</summary>
    R10,

    /// <summary>A leader that hears no quorum stays leader.</summary>
    R11,

    /// <summary>Reads are answered without a round of heartbeats.</summary>
    R12,

    /// <summary>Reads are confirmed by a round that began before they came.</summary>
    R12Round,

    /// <summary>Reads are answered before the first own entry is committed.</summary>
    R13,

    /// <summary>Reads are answered on a lease: a quorum was heard not long ago.</summary>
    R14,

    /// <summary>A snapshot that is older than the state is installed.</summary>
    R15Older,

    /// <summary>A snapshot drops the log although the log goes on where it ends.</summary>
    R15Suffix,

    /// <summary>A snapshot is acknowledged before it is durable.</summary>
    R15Reply,

    /// <summary>A snapshot does not bring its configuration.</summary>
    R15Config,

    /// <summary>The log is compacted without regard to followers that lag.</summary>
    R16,

    /// <summary>Learners count for commitment.</summary>
    R17,

    /// <summary>A learner becomes a voter before it has caught up.</summary>
    R17Early,

    /// <summary>A command that comes again acts again.</summary>
    R18,

    /// <summary>An unknown outcome is reported as not done.</summary>
    R19,

    /// <summary>A watch that begins at a snapshot misses what came right after it.</summary>
    R20,

    /// <summary>A snapshot says another index than its state has.</summary>
    R21,

    /// <summary>A member's own clock gets into what it applies.</summary>
    R22,

    /// <summary>Damage in the middle of the log is cut like a torn tail.</summary>
    R23,

    /// <summary>Checksums of records are not looked at.</summary>
    R23Crc,

    /// <summary>Files of another member are taken for the own.</summary>
    R24,

    /// <summary>Messages for another member are acted upon.</summary>
    R25,

    /// <summary>Messages of another cluster are acted upon.</summary>
    R25Cluster,

/// <summary>
    /// A member that does not know its own joining votes; one that lost its disk comes back under its old id.
    /// </summary>
    R25Vote,

    /// <summary>A member whose state machine hangs goes on with heartbeats.</summary>
    R26,

    /// <summary>Any number of entries is taken without a quorum.</summary>
    R27,

    /// <summary>A member whose disk hangs goes on with heartbeats.</summary>
    R28,

    /// <summary>A leader waits for its slowest follower.</summary>
    R28Follower,

    /// <summary>A transfer of leadership that does not succeed never ends.</summary>
    R29,

    /// <summary>Leadership goes to a member that lacks entries.</summary>
    R29Lag,

    /// <summary>A new cluster from an old state keeps the epoch, so that old members can talk to it.</summary>
    R30,

    /// <summary>Ticks come from the wall clock.</summary>
    R31,

    /// <summary>Time in which a member did not run counts as silence of the others.</summary>
    R32,

    /// <summary>A failed sync is ignored.</summary>
    R33,
}
