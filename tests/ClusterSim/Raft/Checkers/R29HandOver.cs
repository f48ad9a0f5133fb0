using Swarm.Raft;

namespace Swarm.ClusterSim.Raft;

/// <summary>R29: the word to take over goes only to a voter that has the whole log.</summary>
internal static class R29HandOver
{
    public static void OnSend(SimMember member, RaftMessage message)
    {
        if (message is not TimeoutNow || member.Process is not { Core: { Role: RaftRole.Leader } core })
            return;
        var to = core.DescribeMembers().FirstOrDefault(m => m.Id == message.Envelope.To);
        if (to is not { Learner: false } || to.Match < core.LastIndex)
            throw new ViolationException(
                "R29", $"{member.Id} hands over to {message.Envelope.To}, which has {to?.Match} of {core.LastIndex}");
    }
}
