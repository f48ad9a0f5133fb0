using Swarm.Raft;
using Swarm.Raft.Core;

namespace Swarm.ClusterSim.Raft;

/// <summary>
/// S12: the configuration in force is that of the newest entry of the log that has one, committed or not; before the
/// log it is the one that was committed there (Raft thesis §4.1).
/// </summary>
internal sealed class S12InForce(CommittedLog log)
{
    private readonly record struct Scan(ulong Index, ulong Term, ulong Newest);

    private readonly Dictionary<RaftId, Scan> _scans = [];
    private readonly Dictionary<RaftId, RaftConfiguration> _compared = [];

    public void OnStart(RaftId member)
    {
        _scans.Remove(member);
        _compared.Remove(member);
    }

    public void OnTurn(RaftId member, RaftCore core)
    {
        var newest = NewestIn(member, core);
        var inForce = core.Log.ConfigurationIndex;
        if (inForce == newest && newest >= core.FirstIndex)
            return;
        if (inForce < newest)
            throw new ViolationException(
                "S12", $"{member} goes by the configuration of {inForce}, its log has one at {newest}");
        if (_compared.GetValueOrDefault(member) == core.Configuration || core.FirstIndex == 1 && inForce == 0)
            return;
        _compared[member] = core.Configuration;
        CompareCommitted(member, core.Configuration, inForce);
    }

    /// <summary>What a snapshot brought is what was committed last up to its index.</summary>
    private void CompareCommitted(RaftId member, RaftConfiguration inForce, ulong at)
    {
        if (at > log.LastIndex)
            throw new ViolationException("S12", $"{member} goes by a configuration of entry {at}, which is not there");
        for (var index = at; index > log.BaseIndex; index--)
        {
            var entry = log.At(index).Entry;
            if (entry.Type != EntryType.ConfChange)
                continue;
            if (!entry.Data.Span.SequenceEqual(inForce.Encode()))
                throw new ViolationException(
                    "S12", $"{member} has another configuration for entry {at} than was committed at {index}");
            return;
        }
    }

    private ulong NewestIn(RaftId member, RaftCore core)
    {
        var (from, newest) = (core.FirstIndex, 0UL);
        if (_scans.TryGetValue(member, out var scan) && core.Log.TryTermAt(scan.Index, out var term)
            && term == scan.Term)
            (from, newest) = (scan.Index + 1, scan.Newest);
        for (var index = from; index <= core.LastIndex; index++)
        {
            if (core.Log.At(index).Type == EntryType.ConfChange)
                newest = index;
        }
        _scans[member] = new(core.LastIndex, core.Log.LastTerm, newest);
        return newest;
    }
}
