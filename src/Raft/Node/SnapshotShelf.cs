using Swarm.Raft.Core;
using Swarm.Raft.Storage;

namespace Swarm.Raft;

/// <summary>
/// The snapshots of this member: the one that is written aside, the one that comes in, and those that are read for
/// other members, each as long as a transfer needs it. Belongs to the raft thread but for the writing aside.
/// </summary>
internal sealed class SnapshotShelf(RaftStorage storage, AsideWork aside) : IDisposable
{
    /// <summary>Held while a snapshot takes the place of another, so that an older one never replaces a newer
    /// one.</summary>
    private readonly Lock _switch = new();
    private readonly List<SnapshotReader> _readers = [];
    private SnapshotWriter? _incoming;
    private (SnapshotWriter File, Action Switch)? _prepared;
    private ulong _installedIndex;

    /// <summary>A snapshot is being written aside.</summary>
    public bool Busy { get; private set; }

    /// <summary>The newest durable one.</summary>
    public SnapshotReader? Newest => _readers.Count == 0 ? null : _readers[^1];

    /// <summary>Opens what is durable, at start and after each that was written or installed.</summary>
    public SnapshotFile? Refresh()
    {
        if (storage.OpenSnapshot() is not { } reader)
            return null;
        _readers.Add(reader);
        return new SnapshotFile(reader.Mark, (ulong)reader.LengthBytes);
    }

    /// <summary>
    /// Writes a picture aside. <paramref name="done"/> runs on the raft thread; its argument says why there was no room
    /// on the disk, and is null when the snapshot is durable (or an even newer one came in meanwhile).
    /// </summary>
    public void Write(SnapshotMark mark, IStatePicture picture, Action<string?> done)
    {
        Busy = true;
        aside.Start(() =>
        {
            var full = TryWrite(mark, picture);
            return () =>
            {
                Busy = false;
                done(full);
            };
        });
    }

    /// <summary>
    /// A piece from the leader; the first one begins anew. False when there is no room for it and what came before it:
    /// then that is given up.
    /// </summary>
    public bool TryTake(SnapshotRequest piece)
    {
        try
        {
            Take(piece);
            return true;
        }
        catch (StorageFailedException e) when (e.IsNoSpace)
        {
            _incoming?.Dispose();
            _incoming = null;
            return false;
        }
    }

    /// <summary>
    /// Makes durable what came in whole and reads it, aside. <paramref name="done"/> runs on the raft thread: true when
    /// it can be installed or dropped, false when there was no room for its end and it is gone.
    /// </summary>
    public void Prepare(SnapshotMark mark, IStateMachine machine, Action<bool> done)
    {
        RaftInvariantException.Check(_incoming is not null, "a snapshot that is read came in before");
        var file = _incoming;
        _incoming = null;
        aside.Start(() =>
        {
            var then = TryRead(file, mark, machine);
            return () =>
            {
                if (then is null)
                    file.Dispose();
                else
                    _prepared = (file, then);
                done(then is not null);
            };
        });
    }

    /// <summary>What was prepared takes the place of log and state, durably.</summary>
    public void Install(SnapshotMark mark, HardState state)
    {
        RaftInvariantException.Check(
            _prepared?.File.Mark.Index == mark.Index, "a snapshot that is installed was prepared before");
        lock (_switch)
        {
            _installedIndex = mark.Index;
            storage.InstallSnapshot(_prepared!.Value.File, state);
        }
        _prepared.Value.Switch();
        DropPrepared();
    }

    /// <summary>What was prepared is not needed, or not any more.</summary>
    public void DropPrepared()
    {
        _prepared?.File.Dispose();
        _prepared = null;
    }

    /// <summary>The newest snapshot into the state, if there is one.</summary>
    public void RestoreTo(IStateMachine machine)
    {
        if (Newest is not { } newest)
            return;
        using var stream = new SnapshotReadStream(newest);
        machine.PrepareRestore(newest.Mark.Index, newest.Mark.Term, stream)();
    }

    /// <summary>The bytes of a piece for another member; null when its file is gone.</summary>
    public byte[]? Read(SnapshotRead piece)
    {
        foreach (var reader in _readers)
        {
            if (!ReferenceEquals(reader.Mark, piece.Mark))
                continue;
            var bytes = new byte[piece.LengthBytes];
            reader.Read((long)piece.Offset, bytes);
            return bytes;
        }
        return null;
    }

    /// <summary>Closes what nobody needs: older files that are not being sent, a snapshot that comes in no
    /// more.</summary>
    public void Tidy(RaftCore core)
    {
        if (_incoming is not null && !core.ReceivesSnapshot)
        {
            _incoming.Dispose();
            _incoming = null;
        }
        for (var i = _readers.Count - 2; i >= 0; i--)
        {
            if (core.IsSending(_readers[i].Mark))
                continue;
            _readers[i].Dispose();
            _readers.RemoveAt(i);
        }
    }

    public void Dispose()
    {
        _incoming?.Dispose();
        DropPrepared();
        _readers.ForEach(r => r.Dispose());
        _readers.Clear();
    }

    private void Take(SnapshotRequest piece)
    {
        if (piece.Offset == 0)
        {
            _incoming?.Dispose();
            _incoming = null;
            _incoming = storage.BeginSnapshot(piece.Mark);
        }
        RaftInvariantException.Check(_incoming is not null, "a snapshot comes in from its beginning");
        _incoming.Write(piece.Data.Span);
    }

    /// <summary>Null when there is no room for the end of the file.</summary>
    private Action? TryRead(SnapshotWriter file, SnapshotMark mark, IStateMachine machine)
    {
        try
        {
            using var reader = storage.OpenReceived(file);
            using var stream = new SnapshotReadStream(reader);
            return machine.PrepareRestore(mark.Index, mark.Term, stream);
        }
        catch (StorageFailedException e) when (e.IsNoSpace)
        {
            return null;
        }
    }

    private string? TryWrite(SnapshotMark mark, IStatePicture picture)
    {
        try
        {
            using var writer = storage.BeginSnapshot(mark);
            using (var stream = new BufferedStream(new SnapshotWriteStream(writer), RaftLimits.SnapshotChunkBytes))
                picture.WriteTo(stream);
            lock (_switch)
            {
                if (_installedIndex < mark.Index)
                    writer.Commit();
            }
            return null;
        }
        catch (StorageFailedException e) when (e.IsNoSpace)
        {
            return e.Message;
        }
    }
}
