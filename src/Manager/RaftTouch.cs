using Swarm.Manager.Core;
using Swarm.Model;
using Swarm.Raft;

namespace Swarm.Manager;

/// <summary>Whether this manager hears a leader that it knows, and whom it has for members.</summary>
internal sealed class RaftTouch : IRaftView, IDisposable
{
    /// <summary>Longer than an election takes, so that one is no reason to trust certificates alone.</summary>
    private const long LostAfterMs = 3_000;

    private readonly RaftNode _raft;
    private readonly TimeProvider _clock;
    private long _lostAt;

    internal RaftTouch(RaftNode raft, TimeProvider clock)
    {
        (_raft, _clock) = (raft, clock);
        _raft.StatusChanged += Note;
        Note(_raft.Status);
    }

    /// <summary>
    /// Who is not in its own configuration yet cannot tell who is none of its members: it gets the configurations of
    /// the past one after another, by entries.
    /// </summary>
    public bool OutOfTouch => IsLost || _raft.Status is var now && now.Members.All(m => m.Id != now.Id);

    private bool IsLost => Interlocked.Read(ref _lostAt) is var at and not 0
        && _clock.GetElapsedTime(at).TotalMilliseconds > LostAfterMs;

    /// <inheritdoc/>
    public bool HasMember(NodeId node) => _raft.Status.Members.Any(m => m.NodeId == node.Value);

    public void Dispose() => _raft.StatusChanged -= Note;

    private void Note(RaftStatus status)
    {
        if (status.LeaderMember is not null)
        {
            Interlocked.Exchange(ref _lostAt, 0);
        }
        else
        {
            Interlocked.CompareExchange(ref _lostAt, Math.Max(_clock.GetTimestamp(), 1), 0);
        }
    }
}
