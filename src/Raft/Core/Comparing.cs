namespace Swarm.Raft.Core;

/// <summary>States of members at the same index are compared; the minority stops with evidence (R22, S4).</summary>
internal static class Comparing
{
    public static void Report(CoreState s, ulong index, UInt128 hash)
    {
        foreach (var member in s.Configuration.Members)
        {
            if (member.Id != s.Self)
                s.Send(new StateHashReport(s.To(member.Id, Math.Max(s.Term, 1)), index, hash));
        }
        Take(s, s.Self, index, hash);
    }

    public static StepOutcome OnReport(CoreState s, StateHashReport m)
    {
        if (m.Index is 0 or > RaftLimits.MaxIndex || m.Index % RaftLimits.HashEveryEntries != 0)
            return StepOutcome.Malformed;
        Take(s, m.From, m.Index, m.Hash);
        return StepOutcome.Handled;
    }

    private static void Take(CoreState s, RaftId from, ulong index, UInt128 hash)
    {
        switch (s.Hashes.Take(from, index, hash, (s.Self, s.Configuration)))
        {
            case HashVerdict.Diverged:
                s.Diverged ??= s.Hashes.Evidence(s.Self, index);
                break;
            case HashVerdict.Disputed:
                s.DisputedIndex = index;
                break;
            case HashVerdict.Agreed when s.DisputedIndex == index:
                s.DisputedIndex = 0;
                break;
        }
    }
}
