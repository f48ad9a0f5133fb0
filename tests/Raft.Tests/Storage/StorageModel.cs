using System.Collections.Immutable;
using Swarm.Raft.Storage;

namespace Swarm.Raft.Tests.Storage;

/// <summary>What a storage may hold after a crash: one of the states since the last sync.</summary>
internal sealed class StorageModel
{
    private sealed record Picture(HardState HardState, ulong Base, ImmutableList<RaftEntry> Entries)
    {
        public ulong Last => Base + (ulong)Entries.Count;

        public Picture With(RaftEntry entry) => this with
        {
            Entries = Entries.RemoveRange((int)(entry.Index - Base - 1), (int)(Last - entry.Index + 1)).Add(entry),
        };

        public override string ToString() => $"{HardState} {Base + 1}..{Last}";
    }

    private readonly Dictionary<ulong, byte[]> _states = [];
    private List<Picture> _possible = [new(default, 0, [])];

    private Picture Current => _possible[^1];

    /// <summary>It is one of the possible states, and the only one from here on.</summary>
    public void Check(StoredState found)
    {
        var fits = _possible.LastOrDefault(p => Fits(p, found));
        Assert.True(fits is not null, $"found {found.HardState} snapshot {found.Snapshot?.Index} "
            + $"{found.Entries.Count} entries to {(found.Entries is [.., var end] ? end.Index : 0)}, "
            + $"possible are {string.Join(" | ", _possible)}");
        _possible = [fits];
    }

    public void CheckSnapshot(RaftStorage storage)
    {
        using var reader = storage.OpenSnapshot();
        if (reader is null)
            return;
        var bytes = new byte[reader.LengthBytes];
        reader.Read(0, bytes);
        Assert.Equal(_states[reader.Mark.Index], bytes);
    }

    public void Append(RaftStorage storage, Random random)
    {
        var entries = new List<RaftEntry>();
        var (next, commit) = (Current.Last + 1, Current.HardState.Commit);
        var term = Math.Max(Current.Entries is [.., var last] ? last.Term : 1, Current.HardState.Term);
        if (Current.Last > commit && random.Next(4) == 0)
            (next, term) = (commit + 1 + (ulong)random.Next((int)(Current.Last - commit)), term + 1);
        for (var i = random.Next(4); i > 0; i--)
            entries.Add(new(next++, term, EntryType.Normal, Bytes(random, random.Next(8) == 0 ? 3000 : 300)));
        var picture = Current;
        foreach (var entry in entries)
            _possible.Add(picture = picture.With(entry));
        HardState? state = random.Next(3) == 0 && entries.Count > 0 ? null : new HardState(
            term, new RaftId((ulong)random.Next(3)),
            Current.HardState.Commit + (ulong)random.Next((int)(picture.Last - picture.HardState.Commit) + 1));
        if (state is { } hard)
            _possible.Add(picture = picture with { HardState = hard });
        var sync = random.Next(4) > 0;
        storage.Append(state, entries, sync);
        if (sync)
            _possible = [picture];
    }

    public void Snapshot(RaftStorage storage, Random random)
    {
        var index = Current.HardState.Commit;
        if (index <= Current.Base || index <= (storage.OpenSnapshot()?.Mark.Index ?? 0))
            return;
        var term = Current.Entries[(int)(index - Current.Base - 1)].Term;
        storage.Append(null, [], sync: true);
        _possible = [Current];
        _states[index] = Bytes(random, 70_000);
        using var writer = storage.BeginSnapshot(new SnapshotMark(index, term, RaftConfiguration.Empty));
        writer.Write(_states[index]);
        if (random.Next(4) > 0)
            writer.Commit();
    }

    public void Install(RaftStorage storage, Random random)
    {
        var (index, term) = (Current.Last + (ulong)random.Next(1, 30), Current.HardState.Term + 1);
        _states[index] = Bytes(random, 2_000);
        var state = new HardState(term, RaftId.None, index);
        var installed = new Picture(state, index, []);
        _possible.Add(installed);
        using var writer = storage.BeginSnapshot(new SnapshotMark(index, term, RaftConfiguration.Empty));
        writer.Write(_states[index]);
        storage.InstallSnapshot(writer, state);
        _possible = [installed];
    }

    private static bool Fits(Picture p, StoredState found)
    {
        var last = found.Entries is [.., var e] ? e.Index : found.Snapshot?.Index ?? 0;
        return found.HardState == p.HardState && last == p.Last
            && (found.Snapshot?.Index ?? 0) >= p.Base
            && (found.Entries.Count == 0 || found.Entries[0].Index <= (found.Snapshot?.Index ?? 0) + 1)
            && found.Entries.All(
                entry => entry.Index <= p.Base || Same(p.Entries[(int)(entry.Index - p.Base - 1)], entry));
    }

    private static bool Same(RaftEntry a, RaftEntry b) =>
        (a.Index, a.Term, a.Type) == (b.Index, b.Term, b.Type) && a.Data.Span.SequenceEqual(b.Data.Span);

    private static byte[] Bytes(Random random, int max)
    {
        var bytes = new byte[random.Next(max)];
        random.NextBytes(bytes);
        return bytes;
    }
}
