using Swarm.Raft.Core;

namespace Swarm.Raft;

/// <summary>Hashes the state at the indexes that all members hash, aside, and gives it to the core (R22).</summary>
internal sealed class HashReports(RaftCore core, IStateMachine state, AsideWork aside)
{
    /// <summary>Hashes that are computed at the same time; an index that comes too early after others is not
    /// compared.</summary>
    private const int MaxAtOnce = 4;

    /// <summary>What was committed before this start was compared in an earlier life.</summary>
    private readonly ulong _after = core.CommitIndex;
    private int _running;

    public void Applied(RaftEntry entry)
    {
        if (entry.Index % RaftLimits.HashEveryEntries != 0 || entry.Index <= _after || _running >= MaxAtOnce)
            return;
        var (index, picture) = (entry.Index, state.Capture());
        _running++;
        aside.Start(() =>
        {
            var hash = picture.Hash();
            return () =>
            {
                _running--;
                core.ReportStateHash(index, hash);
            };
        });
    }
}
