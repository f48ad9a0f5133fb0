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

    private static MemberState State(ulong raftId) => new()
    {
        AdvertiseAddress = "192.0.2.1:2377", ListenAddress = "192.0.2.1:2377", RaftId = raftId,
    };

    private MemberState Mend(MemberState state, CertificateRole role) =>
        LostLog.Mend(Paths, state, role, _warnings.Add);

    private void WriteLog()
    {
        Directory.CreateDirectory(Paths.Raft);
        File.WriteAllText(Path.Combine(Paths.Raft, "0000000000000001.wal"), "");
    }
}
