using System.Text;
using Swarm.Manager.Backup;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Manager.Tests.Backup;

public sealed class BackupFileTests
{
    private static readonly BackupOrigin Origin = new(States.At, 7, new NodeId("m1"), "1.2.3", false);
    private static readonly BackupSecret Key = BackupSecret.UnlockKey(Enumerable.Repeat((byte)9, 32).ToArray());

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_was_written_is_read(bool encrypted)
    {
        var state = States.Small();
        var (bytes, header) = Write(state, encrypted ? Key : null);
        var contents = Read(bytes, encrypted ? Key : null);
        Assert.Equal(SnapshotCodec.Encode(state), SnapshotCodec.Encode(contents.State));
        Assert.Equal(header, contents.Header);
        Assert.Equal(bytes.Length, contents.FileBytes);
        Assert.Equal(header, BackupFile.ReadHeader(new MemoryStream(bytes)));
    }

    [Fact]
    public void The_header_tells_what_is_inside()
    {
        var state = States.Small();
        var header = Write(state, null).Header;
        Assert.Equal("cluster", header.ClusterId);
        Assert.Equal(state.LastIndex, header.LogIndex);
        Assert.Equal(7UL, header.LogTerm);
        Assert.Equal(Timestamps.ToNs(States.At), header.TakenAtNs);
        Assert.Equal("1.2.3", header.ProductVersion);
        Assert.Equal(new BackupCounts { Nodes = 4, Managers = 3, Services = 1, Tasks = 3 }, header.Counts);
        Assert.Equal(state.Hash128.ToString("x32"), Convert.ToHexStringLower(header.StateHash.Span));
    }

    [Fact]
    public void A_passphrase_opens_what_it_closed()
    {
        var bytes = Write(States.Small(), BackupSecret.Passphrase("correct horse")).Bytes;
        Assert.Equal(3, Read(bytes, BackupSecret.Passphrase("correct horse")).State.Tasks.Count);
        var wrong = Refusal(bytes, BackupSecret.Passphrase("correct house"));
        Assert.Equal((BackupFault.WrongSecret, "this is not the passphrase of the backup"), (wrong.Fault,
            wrong.Message));
        Assert.Equal(BackupFault.WrongSecret, Refusal(bytes, null).Fault);
        Assert.Equal(BackupFault.WrongSecret, Refusal(bytes, Key).Fault);
    }

    [Fact]
    public void Nothing_secret_is_in_clear_in_an_encrypted_backup()
    {
        string[] secrets = ["root key", "\u0001\u0002\u0003", "registry/demo/web"];
        var plain = Encoding.Latin1.GetString(Write(States.Small(), null).Bytes);
        var closed = Encoding.Latin1.GetString(Write(States.Small(), Key).Bytes);
        Assert.All(secrets, s => Assert.Contains(s, plain, StringComparison.Ordinal));
        Assert.All(secrets, s => Assert.DoesNotContain(s, closed, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Any_changed_byte_is_noticed(bool encrypted)
    {
        var secret = encrypted ? Key : null;
        var bytes = Write(States.Small(), secret).Bytes;
        for (var at = 0; at < bytes.Length; at++)
        {
            foreach (var mask in new byte[] { 0x01, 0x80, 0xFF })
            {
                bytes[at] ^= mask;
                Refusal(bytes, secret);
                bytes[at] ^= mask;
            }
        }

        Read(bytes, secret);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Any_cut_is_noticed_and_so_is_anything_behind_the_end(bool encrypted)
    {
        var secret = encrypted ? Key : null;
        var bytes = Write(States.Small(), secret).Bytes;
        for (var length = 0; length < bytes.Length; length++)
        {
            Refusal(bytes[..length], secret);
        }

        Refusal([.. bytes, 0], secret);
    }

    [Fact]
    public void Damage_is_told_with_its_place()
    {
        var bytes = Write(Large(), null).Bytes;
        Assert.True(bytes.Length > 3 * BackupFormat.BlockBytes);
        bytes[2 * BackupFormat.BlockBytes] ^= 4;
        var refusal = Refusal(bytes, null);
        Assert.Equal(BackupFault.Damaged, refusal.Fault);
        Assert.Matches("^the backup is damaged at byte [0-9]+: the checksum of block [12] does not fit",
            refusal.Message);
    }

    [Fact]
    public void Blocks_that_change_places_are_noticed()
    {
        var bytes = Write(Large(), Key).Bytes;
        var other = Write(Large(), Key).Bytes;
        Assert.NotEqual(bytes, other);
        var end = bytes.Length - BackupFormat.TrailerBytes;
        var taken = bytes.AsSpan(end - 2_000, 2_000).ToArray();
        taken.CopyTo(other, end - 2_000);
        Refusal(other, Key);
    }

    [Fact]
    public void A_newer_form_is_told_as_such()
    {
        var bytes = Write(States.Small(), null).Bytes;
        bytes[BackupFormat.MagicBytes] = 2;
        var refusal = Refusal(bytes, null);
        Assert.Equal(BackupFault.Newer, refusal.Fault);
        Assert.Equal("the backup has file format 2, this program knows 1; use the newer program", refusal.Message);
    }

    [Fact]
    public void Something_else_is_told_as_such() =>
        Assert.Equal(BackupFault.NotABackup, Refusal(Encoding.ASCII.GetBytes("#!/bin/sh\nexit 0\n"), null).Fault);

    [Fact]
    public void A_short_passphrase_is_refused() =>
        Assert.Throws<BackupException>(() => BackupSecret.NewPassphrase("1234567"));

    private static (byte[] Bytes, BackupHeader Header) Write(ClusterState state, BackupSecret? secret)
    {
        using var target = new MemoryStream();
        var header = BackupFile.Write(state, Origin, secret, target);
        return (target.ToArray(), header);
    }

    private static BackupContents Read(byte[] bytes, BackupSecret? secret)
    {
        // A source that gives a few bytes at a time, as a network does.
        using var source = new Trickle(bytes);
        return BackupFile.Read(source, _ => secret);
    }

    private static BackupException Refusal(byte[] bytes, BackupSecret? secret) =>
        Assert.Throws<BackupException>(() => BackupFile.Read(new MemoryStream(bytes), _ => secret));

    private static ClusterState Large()
    {
        var state = States.Small();
        var spec = States.Spec("large", 0);
        spec.Labels["text"] = string.Concat(Enumerable.Range(0, 60_000).Select(i => i.ToString("x", null)));
        return state.Apply(
            StoreEntry.Of(States.At, new StoreAction.CreateService(new ServiceId("s2"), spec)), state.LastIndex
                + 1).State;
    }

    private sealed class Trickle(byte[] bytes) : MemoryStream(bytes)
    {
        public override int Read(byte[] buffer, int offset, int count) =>
            base.Read(buffer, offset, Math.Min(count, 1_000));
    }
}
