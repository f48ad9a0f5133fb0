using FsCheck;
using FsCheck.Fluent;

namespace Swarm.Raft.Tests;

public sealed class RaftMessageCodecTests
{
    private static readonly Envelope E = new("cluster", new RaftId(1), new RaftId(2), 3, "10.0.0.1:2377");

    public static TheoryData<RaftMessage> Messages => new(
        new VoteRequest(E, true, 4, 5),
        new VoteReply(E, false, true),
        new AppendReply(E, 4, 5, true, 6),
        new HeartbeatRequest(E, 7, 8),
        new HeartbeatReply(E, 9),
        new HeartbeatReply(E, 9) { DiskFull = true },
        new VoteRequest(E, false, 4, 5) { Transfer = true },
        new SnapshotReply(E, 1, 2, 3, SnapshotOutcome.Installed),
        new TimeoutNow(E),
        new StateHashReport(E, 100, UInt128.MaxValue - 3),
        new ReadRequest(E, ulong.MaxValue),
        new ReadReply(E, 10, 11, true));

    [Theory]
    [MemberData(nameof(Messages))]
    public void Messages_survive_the_wire(RaftMessage message) =>
        Assert.Equal(message, RaftMessageCodec.Decode(RaftMessageCodec.Encode(message)));

    [Fact]
    public void Appends_survive_the_wire_with_their_entries()
    {
        var sent = new AppendRequest(E, 6, 2, 5, [
            new(7, 2, EntryType.Normal, new byte[] { 1, 2, 3 }), new(8, 3, EntryType.NoOp, default)]) { Needed = true };
        var got = (AppendRequest)RaftMessageCodec.Decode(RaftMessageCodec.Encode(sent));
        Assert.Equal(
            (sent.Envelope, 6UL, 2UL, 5UL, true), (got.Envelope, got.PrevIndex, got.PrevTerm, got.Commit, got.Needed));
        Assert.Equal(
            sent.Entries.Select(e => (e.Index, e.Term, e.Type, Convert.ToHexString(e.Data.Span))),
            got.Entries.Select(e => (e.Index, e.Term, e.Type, Convert.ToHexString(e.Data.Span))));
    }

    /// <summary>One writer for messages of any length one after the other: nothing of one is in the next.</summary>
    [Fact]
    public void A_writer_that_is_used_again_writes_what_a_new_one_writes()
    {
        var writer = new RaftMessageWriter();
        foreach (var bytes in new[] { 10, 0, 5_000, 300_000, 7, 1_000_000, 1 })
        {
            var append = new AppendRequest(E, 6, 2, 5, [new(7, 2, EntryType.Normal, new byte[bytes])]);
            Assert.Equal(RaftMessageCodec.Encode(append), writer.Write(append).ToArray());
            var reply = new AppendReply(E, 4, 5, true, 6);
            Assert.Equal(RaftMessageCodec.Encode(reply), writer.Write(reply).ToArray());
        }
    }

    [Fact]
    public void The_largest_append_fits_a_message()
    {
        var entries = Enumerable.Range(1, RaftLimits.MaxAppendEntries)
            .Select(i => new RaftEntry((ulong)i, 1, EntryType.Normal, default)).ToArray();
        var large = new RaftEntry(1, 1, EntryType.Normal, new byte[RaftLimits.MaxEntryBytes]);
        Assert.True(RaftMessageCodec.Encode(new AppendRequest(E, 0, 0, 0,
            entries)).Length < RaftLimits.MaxMessageBytes);
        Assert.True(RaftMessageCodec.Encode(new AppendRequest(E, 0, 0, 0,
            [large])).Length < RaftLimits.MaxMessageBytes);
    }

    [Fact]
    public void Every_encoding_that_is_shorter_than_the_oldest_version_is_refused()
    {
        const int added = 1;
        var bytes = RaftMessageCodec.Encode(new AppendRequest(E, 6, 2, 5, [new(7, 2, EntryType.Normal, new byte[9])]));
        for (var length = 0; length < bytes.Length - added; length++)
            Assert.Throws<InvalidDataException>(() => RaftMessageCodec.Decode(bytes.AsMemory(0, length)));
    }

    [Fact]
    public void Fields_that_a_newer_version_adds_at_the_end_are_not_looked_at()
    {
        var message = new VoteReply(E, PreVote: false, Granted: true);
        Assert.Equal(message, RaftMessageCodec.Decode((byte[])[.. RaftMessageCodec.Encode(message), 1, 2, 3]));
    }

    [Fact]
    public void Fields_that_an_older_version_did_not_write_have_their_default()
    {
        var bytes = RaftMessageCodec.Encode(new HeartbeatReply(E, 9) { DiskFull = true });
        Assert.Equal(new HeartbeatReply(E, 9), RaftMessageCodec.Decode(bytes.AsMemory(0, bytes.Length - 1)));
        bytes = RaftMessageCodec.Encode(new AppendRequest(E, 6, 2, 5, []) { Needed = true });
        Assert.False(((AppendRequest)RaftMessageCodec.Decode(bytes.AsMemory(0, bytes.Length - 1))).Needed);
        bytes = RaftMessageCodec.Encode(new VoteRequest(E, false, 4, 5) { Transfer = true });
        Assert.Equal(new VoteRequest(E, false, 4, 5), RaftMessageCodec.Decode(bytes.AsMemory(0, bytes.Length - 1)));
    }

    [Fact]
    public void A_kind_that_only_a_newer_version_knows_is_named_and_not_an_error()
    {
        var bytes = RaftMessageCodec.Encode(new TimeoutNow(E));
        bytes[1] = 200;
        Assert.Equal(new UnknownMessage(E, 200), RaftMessageCodec.Decode(bytes));
    }

    [Fact]
    public void Any_bytes_either_decode_or_are_refused() => Prop.ForAll<byte[]>(bytes =>
    {
        try
        {
            return RaftMessageCodec.Decode((byte[])[1, .. bytes]) is not null;
        }
        catch (InvalidDataException)
        {
            return true;
        }
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Configurations_survive_their_entry()
    {
        var configuration = new RaftConfiguration(
            [new RaftMember(new RaftId(1), "a:1", false, "n1"), new RaftMember(new RaftId(9), "b:2", true, "n2")],
            [new RaftId(3), new RaftId(4)]);
        var got = RaftConfiguration.Decode(configuration.Encode());
        Assert.Equal(configuration.Members.ToArray(), got.Members.ToArray());
        Assert.Equal(configuration.Removed.ToArray(), got.Removed.ToArray());
    }
}
