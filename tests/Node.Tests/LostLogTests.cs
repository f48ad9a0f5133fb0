using Swarm.Raft;
using Swarm.Raft.Storage;
using Swarm.Security;

namespace Swarm.Node.Tests;

public sealed class LostLogTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("swarm-lost-").FullName;
    private readonly List<string> _warnings = [];

    private NodePaths Paths => new(_directory);

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void A_manager_with_its_log_keeps_its_name()
    {
        WriteLog();
        Assert.Equal(State(7), Mend(State(7), CertificateRole.Manager));
        Assert.Empty(_warnings);
    }

    [Fact]
    public void A_manager_that_lost_its_log_gets_another_name_that_survives_a_restart()
    {
        var next = Mend(State(7), CertificateRole.Manager);
        Assert.NotEqual(0UL, next.RaftId);
        Assert.NotEqual(7UL, next.RaftId);
        Assert.Equal(next, MemberState.Load(Paths.Member));
        Assert.Contains("joins the others again", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void A_directory_without_a_log_is_no_log()
    {
        Directory.CreateDirectory(Paths.Raft);
        Assert.NotEqual(7UL, Mend(State(7), CertificateRole.Manager).RaftId);
    }

    [Fact]
    public void A_worker_that_stopped_while_it_was_demoted_loses_the_rest_of_its_log()
    {
        WriteLog();
        Assert.Equal(State(0), Mend(State(7), CertificateRole.Worker));
        Assert.False(Directory.Exists(Paths.Raft));
        Assert.Equal(State(0), MemberState.Load(Paths.Member));
    }

    [Fact]
    public void A_worker_that_stopped_while_it_was_promoted_begins_with_an_empty_log()
    {
        WriteLog();
        Assert.NotEqual(0UL, Mend(State(0), CertificateRole.Manager).RaftId);
        Assert.False(Directory.Exists(Paths.Raft));
        Assert.Empty(_warnings);
    }

    [Fact]
    public void A_log_that_comes_back_before_the_others_took_it_in_anew_is_taken_up_again()
    {
        var without = Mend(State(7), CertificateRole.Manager);
        Assert.Equal(7UL, without.LostRaftId);
        // Once more without it, then the disk is there, with what another start had begun hidden below it.
        var again = Mend(without, CertificateRole.Manager);
        Assert.Equal(7UL, again.LostRaftId);
        WriteLogOf(7);
        var back = Mend(again, CertificateRole.Manager);
        Assert.Equal(State(7), back);
        Assert.Equal(State(7), MemberState.Load(Paths.Member));
        Assert.Contains("goes on as the member that it was", _warnings[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void One_that_comes_back_later_is_not()
    {
        var taken = LostLog.TakenIn(Paths, Mend(State(7), CertificateRole.Manager));
        Assert.Equal(0UL, taken.LostRaftId);
        Assert.Equal(taken, MemberState.Load(Paths.Member));
        WriteLogOf(7);
        Assert.Equal(taken, Mend(taken, CertificateRole.Manager));
    }

    [Fact]
    public void The_log_of_yet_another_is_left_alone()
    {
        var without = Mend(State(7), CertificateRole.Manager);
        WriteLogOf(8);
        Assert.Equal(without, Mend(without, CertificateRole.Manager));
    }

    [Fact]
    public void The_log_that_was_begun_meanwhile_goes_on()
    {
        var without = Mend(State(7), CertificateRole.Manager);
        WriteLogOf(without.RaftId);
        Assert.Equal(without, Mend(without, CertificateRole.Manager));
    }

    private static MemberState State(ulong raftId) => new()
    {
        AdvertiseAddress = "192.0.2.1:2377", ListenAddress = "192.0.2.1:2377", RaftId = raftId,
    };

    private MemberState Mend(MemberState state, CertificateRole role) =>
        LostLog.Mend(Paths, state, role, _warnings.Add);

    private void WriteLogOf(ulong member)
    {
        var options = new StorageOptions
        {
            Disk = new LinuxDisk(), Directory = Paths.Raft, ClusterId = "cluster", Id = new RaftId(member),
            SegmentBytes = 64 << 10, ReserveBytes = 0,
        };
        using var storage = RaftStorage.Open(options, out _);
        storage.Append(new HardState(1, RaftId.None, 0), [], sync: true);
    }

    private void WriteLog()
    {
        Directory.CreateDirectory(Paths.Raft);
        File.WriteAllText(Path.Combine(Paths.Raft, "0000000000000001.wal"), "");
    }
}
