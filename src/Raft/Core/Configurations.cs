namespace Swarm.Raft.Core;

/// <summary>
/// The configurations of a log, oldest first: each is in force from its entry on, and goes with it when it is truncated
/// (thesis §4.1).
/// </summary>
internal sealed class Configurations(ulong baseIndex, RaftConfiguration atBase)
{
    private readonly List<(ulong Index, RaftConfiguration Configuration)> _all = [(baseIndex, atBase)];

    public RaftConfiguration Newest => _all[^1].Configuration;

    public ulong NewestIndex => _all[^1].Index;

    /// <summary>The one in force at an entry, which is the base or after it.</summary>
    public RaftConfiguration At(ulong index)
    {
        var i = _all.Count - 1;
        while (i > 0 && _all[i].Index > index)
            i--;
        return _all[i].Configuration;
    }

    public bool HaveKnown(RaftId id) => _all.Exists(c => c.Configuration.Find(id) is not null);

    public void Append(ulong index, RaftConfiguration configuration) => _all.Add((index, configuration));

    public void TruncateFrom(ulong index)
    {
        while (_all.Count > 1 && _all[^1].Index >= index && !Planted.Breaks(Rule.R8))
            _all.RemoveAt(_all.Count - 1);
    }

    /// <summary>Forgets those that were replaced at or before an entry.</summary>
    public void ForgetBefore(ulong index)
    {
        while (_all.Count > 1 && _all[1].Index <= index)
            _all.RemoveAt(0);
    }

    public void Reset(ulong index, RaftConfiguration configuration)
    {
        if (Planted.Breaks(Rule.R15Config))
            configuration = Newest;
        _all.Clear();
        _all.Add((index, configuration));
    }
}
