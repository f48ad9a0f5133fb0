using Swarm.Raft.Core;

namespace Swarm.Raft;

/// <summary>
/// When this member takes snapshots of its own, and what goes from the log then. The picture is taken on the raft
/// thread in no time and written aside.
/// </summary>
internal sealed class Snapshotting
{
    /// <summary>Ticks between two looks at what followers still need.</summary>
    private const int CompactEveryTicks = 100;

    /// <summary>Ticks between two looks at what the disk holds.</summary>
    private const int LookEveryTicks = 10;

    /// <summary>Ticks after a snapshot for which there was no room until the next is tried.</summary>
    private const int RetryTicks = 3_000;

    private readonly RaftNodeOptions _options;
    private readonly RaftParts _parts;
    private readonly RaftCore _core;
    private readonly SnapshotShelf _shelf;
    private readonly List<SnapshotNowRequest> _asked = [];
    private readonly List<SnapshotNowRequest> _served = [];
    private readonly List<Action> _answers = [];
    private (long SnapshotBytes, long LogBytes, IReadOnlyList<Guid> Keys) _onDisk;
    private SnapshotMark? _newest;
    private long _durableAt;
    private TimeSpan _ageAtStart;
    private long _bytes;
    private int _ticks;
    private int _retryIn;
    private bool _hasNewKey;

    public Snapshotting(RaftNodeOptions options, RaftParts parts, RaftCore core, SnapshotShelf shelf)
    {
        (_options, _parts, _core, _shelf) = (options, parts, core, shelf);
        Adopt();
        // It is older than this life of the member. A clock that was set back meanwhile makes it new, not negative.
        if (parts.Storage.SnapshotWrittenAt is { } at && options.TimeProvider.GetUtcNow() - at is { Ticks: > 0 } age)
            _ageAtStart = age;
        LookAtDisk();
    }

    /// <summary>The core knows the newest durable snapshot from here on; what it makes dispensable goes.</summary>
    public void Adopt()
    {
        if (_shelf.Refresh() is not { } file)
            return;
        _newest = file.Mark;
        (_durableAt, _ageAtStart) = (_options.TimeProvider.GetTimestamp(), TimeSpan.Zero);
        _core.SnapshotSaved(file);
        Compact(all: false);
        _shelf.Tidy(_core);
    }

    /// <summary>A snapshot that is asked for next is written although there is one of the same index.</summary>
    public void KeyChanged(RotateKeyRequest request)
    {
        _hasNewKey = true;
        LookAtDisk();
        _answers.Add(request.Complete);
    }

    /// <summary>Those who asked learn that it is done.</summary>
    public void Answer()
    {
        foreach (var answer in _answers)
            answer();
        _answers.Clear();
    }

    public void Applied(RaftEntry entry) => _bytes += entry.CostBytes;

    public void Tick()
    {
        _retryIn = Math.Max(0, _retryIn - 1);
        if (++_ticks % CompactEveryTicks == 0)
        {
            Compact(all: false);
            _shelf.Tidy(_core);
        }
        if (_ticks % LookEveryTicks == 0)
            LookAtDisk();
    }

    public void Now(SnapshotNowRequest request, ulong applied)
    {
        if (applied == 0)
            request.Refuse(NotDoneReason.NotLeader, "nothing is applied here yet: there is nothing to take", null);
        else
            _asked.Add(request);
    }

    /// <summary>Starts one if it is asked for or due. True when there is something new to settle.</summary>
    public bool StartIfDue(ulong applied)
    {
        if (_shelf.Busy || applied == 0)
            return false;
        if (_asked.Count > 0 && applied == _newest?.Index && !_hasNewKey)
        {
            _served.AddRange(_asked);
            _asked.Clear();
            Serve();
            return true;
        }
        if (_asked.Count == 0 && (!IsDue(applied) || _retryIn > 0))
            return false;
        _served.AddRange(_asked);
        _asked.Clear();
        _bytes = 0;
        _hasNewKey = false;
        _shelf.Write(_core.MarkAt(Planted.Breaks(Rule.R21) ? applied - 1 : applied), _parts.State.Capture(), Written);
        return true;
    }

    public RaftStatus Describe(RaftStatus status) => status with
    {
        SnapshotIndex = _newest?.Index ?? 0,
        SnapshotAge = _newest is null ? null : _ageAtStart + _options.TimeProvider.GetElapsedTime(_durableAt),
        SnapshotBytes = _onDisk.SnapshotBytes,
        LogBytes = _onDisk.LogBytes,
        KeysInUse = _onDisk.Keys,
    };

    public void Stop()
    {
        Answer();
        foreach (var request in _asked.Concat(_served))
            request.Refuse(NotDoneReason.Stopped, "this node is stopping", null);
    }

    private bool IsDue(ulong applied) =>
        applied - (_newest?.Index ?? 0) >= (ulong)_options.SnapshotEveryEntries
        || _bytes >= _options.SnapshotEveryBytes;

    private void Written(string? full)
    {
        if (full is null)
        {
            Adopt();
            Serve();
            return;
        }
        _options.Log?.Invoke($"raft member {_options.Id} has no room for a snapshot and tries again later: {full}");
        _retryIn = RetryTicks;
        foreach (var request in _served)
            request.Refuse(NotDoneReason.DiskFull, full, null);
        _served.Clear();
    }

    private void Serve()
    {
        if (_served.Count == 0)
            return;
        Compact(all: true);
        LookAtDisk();
        var mark = _newest!;
        foreach (var request in _served)
            _answers.Add(() => request.Complete(mark));
        _served.Clear();
    }

    private void LookAtDisk() =>
        _onDisk = (_parts.Storage.SnapshotBytes, _parts.Storage.LogBytes, _parts.Storage.KeysInUse);

    private void Compact(bool all) => _parts.Storage.Compact(_core.Compact(all));
}
