namespace Swarm.Raft.Core;

/// <summary>A durable snapshot that a leader can send.</summary>
public sealed record SnapshotFile(SnapshotMark Mark, ulong LengthBytes);

/// <summary>
/// One snapshot on its way to one follower, to its end with the file it began with. The window grows from one piece by
/// one with each answer. When nothing new comes, it is sent again from what the follower wanted last, with ever more
/// patience: that may be before what it had once, when it began anew.
/// </summary>
internal sealed class SnapshotTransfer(ulong number, SnapshotFile file, int patienceTicks)
{
    /// <summary>Patience doubles so often at most.</summary>
    private const int MaxDoublings = 4;

    private ulong _answered;
    private ulong _wanted;
    private ulong _sent;
    private bool _endSent;
    private int _window = 1;
    private int _doublings;
    private int _silent;

    public ulong Number => number;

    public SnapshotMark Mark => file.Mark;

    public ulong LengthBytes => file.LengthBytes;

    /// <summary>The next piece if the window is open: where it begins, its length, whether it is the last.</summary>
    public bool TryNext(out (ulong Offset, int LengthBytes, bool Last) piece)
    {
        var length = Math.Min(RaftLimits.SnapshotChunkBytes, file.LengthBytes - _sent);
        piece = (_sent, (int)length, _sent + length == file.LengthBytes);
        var open = _sent - _answered < (ulong)_window * RaftLimits.SnapshotChunkBytes;
        if (_endSent || !open)
            return false;
        _sent += length;
        _endSent = piece.Last;
        return true;
    }

    /// <summary>The follower wants to go on from an offset; less than before means that it began anew.</summary>
    public void Answered(ulong nextOffset)
    {
        if (nextOffset > file.LengthBytes)
            return;
        _wanted = nextOffset;
        if (nextOffset == 0 && _answered > 0)
        {
            Again(0);
            return;
        }
        if (nextOffset <= _answered)
            return;
        _answered = nextOffset;
        _sent = Math.Max(_sent, nextOffset);
        _window = Math.Min(_window + 1, RaftLimits.MaxInflightSnapshotChunks);
        (_silent, _doublings) = (0, 0);
    }

    /// <summary>One unit of time; <paramref name="alive"/> when the follower is heard.</summary>
    public void Tick(bool alive)
    {
        if (++_silent < patienceTicks << _doublings || !alive)
            return;
        _doublings = Math.Min(_doublings + 1, MaxDoublings);
        Again(_wanted);
    }

    private void Again(ulong offset)
    {
        _sent = _answered = _wanted = offset;
        _endSent = false;
        _window = 1;
        _silent = 0;
    }
}
