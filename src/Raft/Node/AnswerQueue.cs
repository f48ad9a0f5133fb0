namespace Swarm.Raft;

/// <summary>
/// Proposals of one turn whose outcome is known: their callers are told after it, so that none of them runs in the
/// turn, and together, so that not each of a hundred wakes a thread.
/// </summary>
internal sealed class AnswerQueue
{
    private static readonly int MaxParts = Environment.ProcessorCount;

    /// <summary>So many are told one after the other: dealt out in smaller parts they wake more threads, here and at
    /// the clients, than their work is worth.</summary>
    private const int AnswersAPart = 32;

    private List<ProposalRequest> _ended = [];

    /// <summary>Only in a turn.</summary>
    public void Add(ProposalRequest proposal) => _ended.Add(proposal);

    /// <summary>Only in a turn, at its end; null when there is nothing to tell.</summary>
    public List<ProposalRequest>? Take()
    {
        if (_ended.Count == 0)
            return null;
        var ended = _ended;
        _ended = [];
        return ended;
    }

    /// <summary>Tells the callers. A single one whose answer takes no time may be told by this very thread.</summary>
    public static void Deliver(List<ProposalRequest>? ended, bool mayRunHere)
    {
        if (ended is null)
            return;
        if (mayRunHere && ended is [{ IsQuick: true } only])
        {
            only.Execute();
            return;
        }
        var quick = new List<ProposalRequest>(ended.Count);
        foreach (var proposal in ended)
        {
            if (proposal.IsQuick)
                quick.Add(proposal);
            else
                ThreadPool.UnsafeQueueUserWorkItem(proposal, preferLocal: false);
        }
        if (quick.Count == 0)
            return;
        var parts = Math.Clamp(quick.Count / AnswersAPart, 1, MaxParts);
        for (var first = 0; first < parts; first++)
            ThreadPool.UnsafeQueueUserWorkItem(new Part(quick, first, parts), preferLocal: false);
    }

    /// <summary>Every so-manieth of them, one after the other.</summary>
    private sealed class Part(List<ProposalRequest> quick, int first, int parts) : IThreadPoolWorkItem
    {
        public void Execute()
        {
            for (var i = first; i < quick.Count; i += parts)
                quick[i].Execute();
        }
    }
}
