using Swarm.Raft.Core;

namespace Swarm.Raft.Tests.Core;

/// <summary>The sender's side of one transfer: what leaves when (R16).</summary>
public sealed class SnapshotTransferTests
{
    private const int Patience = 50;
    private const ulong Piece = RaftLimits.SnapshotChunkBytes;

    private static SnapshotTransfer Of(ulong lengthBytes) =>
        new(1, new SnapshotFile(new SnapshotMark(9, 2, RaftConfiguration.Empty), lengthBytes), Patience);

    private static List<ulong> Offsets(SnapshotTransfer transfer)
    {
        List<ulong> offsets = [];
        while (transfer.TryNext(out var piece))
            offsets.Add(piece.Offset / Piece);
        return offsets;
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData((int)Piece, (int)Piece)]
    public void What_fits_one_piece_is_one(int lengthBytes, int pieceBytes)
    {
        var transfer = Of((ulong)lengthBytes);
        Assert.True(transfer.TryNext(out var piece));
        Assert.Equal((0UL, pieceBytes, true), piece);
        Assert.False(transfer.TryNext(out _));
    }

    [Fact]
    public void The_window_grows_by_one_with_each_answer_up_to_its_bound()
    {
        var transfer = Of(100 * Piece);
        Assert.Equal([0UL], Offsets(transfer));
        transfer.Answered(Piece);
        Assert.Equal([1UL, 2UL], Offsets(transfer));
        for (var answered = 2UL; answered < 60; answered++)
        {
            transfer.Answered(answered * Piece);
            Offsets(transfer);
        }
        transfer.Answered(60 * Piece);
        var sent = Offsets(transfer);
        Assert.Equal(60UL + RaftLimits.MaxInflightSnapshotChunks - 1, sent[^1]);
    }

    /// <summary>
    /// It restarted, and a late first piece made it begin anew: it wants the second one, which it had long ago.
    /// </summary>
    [Fact]
    public void A_follower_that_began_anew_gets_what_it_wants_now()
    {
        var transfer = Of(10 * Piece);
        Offsets(transfer);
        for (var answered = 1UL; answered < 5; answered++)
        {
            transfer.Answered(answered * Piece);
            Offsets(transfer);
        }
        transfer.Answered(Piece);
        Assert.Empty(Offsets(transfer));
        Tick(transfer, Patience);
        Assert.Equal([1UL], Offsets(transfer));
        transfer.Answered(2 * Piece);
        Assert.Equal([2UL, 3UL], Offsets(transfer));
    }

    [Fact]
    public void Silence_sends_again_from_the_last_answer_with_ever_more_patience()
    {
        var transfer = Of(10 * Piece);
        Offsets(transfer);
        transfer.Answered(Piece);
        Offsets(transfer);
        Tick(transfer, Patience - 1);
        Assert.Empty(Offsets(transfer));
        Tick(transfer, 1);
        Assert.Equal([1UL], Offsets(transfer));
        Tick(transfer, (2 * Patience) - 1);
        Assert.Empty(Offsets(transfer));
        Tick(transfer, 1);
        Assert.Equal([1UL], Offsets(transfer));
    }

    [Fact]
    public void An_answer_beyond_what_was_sent_again_is_believed()
    {
        var transfer = Of(10 * Piece);
        Offsets(transfer);
        transfer.Answered(Piece);
        Offsets(transfer);
        Tick(transfer, Patience);
        Offsets(transfer);
        transfer.Answered(3 * Piece);
        Assert.Equal(3UL, Offsets(transfer)[0]);
    }

    [Fact]
    public void A_receiver_that_begins_anew_gets_everything_again()
    {
        var transfer = Of(10 * Piece);
        Offsets(transfer);
        transfer.Answered(Piece);
        Offsets(transfer);
        transfer.Answered(0);
        Assert.Equal([0UL], Offsets(transfer));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(11)]
    public void Answers_that_are_late_or_out_of_range_change_nothing(ulong pieces)
    {
        var transfer = Of(10 * Piece);
        Offsets(transfer);
        transfer.Answered(Piece);
        transfer.Answered(2 * Piece);
        Offsets(transfer);
        transfer.Answered(pieces * Piece);
        Assert.Empty(Offsets(transfer));
    }

    private static void Tick(SnapshotTransfer transfer, int count)
    {
        for (var i = 0; i < count; i++)
            transfer.Tick(alive: true);
    }
}
