using Swarm.Raft;

namespace Swarm.ClusterSim.Raft;

/// <summary>What each planted bug does, in a few words.</summary>
internal static class BugTexts
{
    public static string Of(Rule rule) => rule switch
    {
        Rule.R1 => "a vote leaves before it is durable",
        Rule.R1Vote => "a restart forgets whom the vote was for",
        Rule.R2 => "entries are acknowledged before they are durable",
        Rule.R3 => "a leader counts itself before its own sync",
        Rule.R4 => "entries of older terms are committed by counting",
        Rule.R5 => "every append truncates",
        Rule.R6 => "an answer of an older term counts",
        Rule.R6Heartbeat => "a heartbeat commits what differs",
        Rule.R7 => "a change before an entry of the own term is committed",
        Rule.R7Two => "two membership changes at once",
        Rule.R8 => "a truncated configuration stays in force",
        Rule.R9 => "no pre-vote",
        Rule.R9Sticky => "votes although a leader is heard",
        Rule.R9Removed => "a leader that was removed leads on",
        Rule.R10 => "a pre-vote of an older term is not answered",
        Rule.R11 => "a leader without a quorum stays",
        Rule.R12 => "reads without a round of heartbeats",
        Rule.R12Round => "reads confirmed by an older round",
        Rule.R13 => "reads before the first own entry is committed",
        Rule.R14 => "reads on a lease",
        Rule.R15Older => "an older snapshot is installed",
        Rule.R15Suffix => "a snapshot drops the log after its end",
        Rule.R15Reply => "a snapshot is acknowledged before it is durable",
        Rule.R15Config => "a snapshot does not bring its configuration",
        Rule.R16 => "compaction without regard to followers",
        Rule.R17 => "learners count for commitment",
        Rule.R17Early => "a learner is promoted too early",
        Rule.R18 => "a command that comes again acts again",
        Rule.R19 => "an unknown outcome is reported as not done",
        Rule.R20 => "a watch misses what came after its snapshot",
        Rule.R21 => "a snapshot says another index than it has",
        Rule.R22 => "a member's own clock gets into its state",
        Rule.R23 => "damage in the middle is cut like a torn tail",
        Rule.R23Crc => "checksums are not looked at",
        Rule.R24 => "files of another member are taken",
        Rule.R25 => "messages for another member are taken",
        Rule.R25Cluster => "messages of another cluster are taken",
        Rule.R25Vote => "a member that lost its disk votes again",
        Rule.R27 => "any number of entries without a quorum",
        Rule.R29 => "a transfer that fails never ends",
        Rule.R29Lag => "leadership goes to a member that lags",
        Rule.R30 => "a new cluster keeps the old epoch",
        Rule.R31 => "ticks come from the wall clock",
        Rule.R33 => "a failed sync is ignored",
        _ => throw new ArgumentOutOfRangeException(nameof(rule), rule, "this bug has no text"),
    };
}
