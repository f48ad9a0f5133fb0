using Microsoft.Extensions.Logging.Abstractions;
using Swarm.Raft;

namespace Swarm.Manager.Tests;

/// <summary>What only the leader does, while the leadership ends.</summary>
public sealed class LeaderSessionTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly string _directory = Directory.CreateTempSubdirectory("swarm-leader-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Raft_goes_on_when_the_session_ends_in_the_middle_of_its_news()
    {
        var self = new RaftMember(new RaftId(1), "127.0.0.1:1", false, "n1");
        var options = new RaftNodeOptions
        {
            Directory = _directory, ClusterId = "c", Id = self.Id, Address = self.Address,
        };
        RaftNode.Bootstrap(options, self);
        var store = new ClusterStore(TimeProvider.System);
        await using var raft = RaftNode.Start(options, new Nowhere(), store);
        LeaderSession? session = null;
        raft.StatusChanged += _ => Interlocked.Exchange(ref session, null)?.DisposeAsync().AsTask().Wait(Patience);
        using var limit = new CancellationTokenSource(Patience);
        while (!raft.Status.LeaderReady)
        {
            await Task.Delay(5, limit.Token);
        }

        var log = new ManagerLog(NullLogger.Instance);
        Volatile.Write(
            ref session, new LeaderSession(store, raft, new HandOver(raft, log), () => [], log, _ => { }));
        // The listener above hears of the new member before the session's own: that one is called when all has ended.
        var learner = new RaftMember(new RaftId(2), "127.0.0.1:2", true, "n2");
        await raft.ChangeMembershipAsync(ConfChange.AddLearner(learner), limit.Token);
        var next = await raft.ChangeMembershipAsync(ConfChange.Remove(learner.Id), limit.Token);
        Assert.Null(session);
        Assert.False(raft.Failed.IsCompleted, "raft stopped");
        Assert.True(next.Outcome == ProposeOutcome.Done, next.ToString());
    }

    private sealed class Nowhere : IRaftTransport
    {
        public void Send(RaftMember to, RaftMessage message)
        {
        }
    }
}
