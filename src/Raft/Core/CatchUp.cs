namespace Swarm.Raft.Core;

/// <summary>
/// Rounds of replication to a learner: a round ends when it has what the leader had at the round's start. A
/// learner that needs less than an election timeout for a round will not hold up commitment as a voter.
/// </summary>
internal sealed class CatchUp
{
    private ulong _target;
    private int _ticks;
    private bool _running;

    public bool Done { get; private set; }

    /// <summary>It was away, or its log has to be found again: what it did before says nothing any more.</summary>
    public void Forget() => (Done, _running) = (false, false);

    public void Tick(ulong match, ulong lastIndex, int limitTicks)
    {
        if (!_running)
        {
            (_running, _target, _ticks) = (true, lastIndex, 0);
            return;
        }
        _ticks++;
        if (match < _target)
            return;
        Done = _ticks <= limitTicks;
        _running = false;
    }
}
