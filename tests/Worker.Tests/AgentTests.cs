using System.Net.Security;
using Microsoft.Extensions.Logging.Abstractions;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Runtime.Containers;

namespace Swarm.Worker.Tests;

/// <summary>An agent never ends unseen: it tries again, or the daemon is told.</summary>
public sealed class AgentTests : IDisposable
{
    private const int DeadlineMs = 10_000;
    private readonly string _directory = Directory.CreateTempSubdirectory("agent").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_node_whose_own_side_fails_tries_again()
    {
        var tries = 0;
        await using var agent = NewAgent(() =>
            ++tries < 4 ? throw new IOException("the network of this node cannot be set up") : 0UL);
        agent.Start();
        var deadline = Environment.TickCount64 + DeadlineMs;
        while (Volatile.Read(ref tries) < 4 && Environment.TickCount64 < deadline)
            await Task.Delay(5);
        Assert.True(tries >= 4, $"{tries} tries");
        Assert.False(agent.Broken.IsCompleted);
    }

    [Fact]
    public async Task What_nobody_expects_ends_the_daemon()
    {
        await using var agent = NewAgent(() => throw new InvalidDataException("nobody expects this"));
        agent.Start();
        var reason = await agent.Broken.WaitAsync(TimeSpan.FromMilliseconds(DeadlineMs));
        Assert.Equal("nobody expects this", reason.Message);
    }

    /// <summary>The epoch is asked for each session, before anything is sent.</summary>
    private Agent NewAgent(Func<ulong> epoch)
    {
        var managers = new ManagerDirectory(Path.Combine(_directory, "managers"));
        managers.Replace(["127.0.0.1:1"]);
        return new Agent(new AgentOptions
        {
            Managers = managers,
            Tls = static () => new SslClientAuthenticationOptions(),
            Runtime = new NoContainers(),
            DataPlane = new NoNetwork(),
            Logs = new NoLogs(),
            Description = new NodeDescription(),
            NodeAddress = "127.0.0.1",
            ManagerAddress = static () => "",
            Epoch = epoch,
            Logger = NullLogger.Instance,
        });
    }

    private sealed class NoNetwork : INodeDataPlane
    {
        public Task SetUpAsync(string nodeSubnet, string addressPool, CancellationToken ct) => Task.CompletedTask;

        public Task ApplyPeersAsync(PeerUpdate update, CancellationToken ct) => Task.CompletedTask;

        public Task ApplyMeshAsync(MeshUpdate update, CancellationToken ct) => Task.CompletedTask;
    }

    private sealed class NoLogs : ITaskLogs
    {
        public IReadOnlyDictionary<string, string> DetailsOf(string taskId) => new Dictionary<string, string>();

        public IAsyncEnumerable<TaskLogLine> ReadAsync(
            string taskId, LogQuery query, CancellationToken ct) =>
            AsyncEnumerable.Empty<TaskLogLine>();
    }

    private sealed class NoContainers : ITaskRuntime
    {
        public void TakePayloads(PayloadUpdate update)
        {
        }

        public Task<ContainerEnd?> AwaitHealthAsync(TaskId task, CancellationToken ct) =>
            Task.FromResult<ContainerEnd?>(null);

        private static readonly InvalidOperationException Unwanted = new("no task is assigned in this test");

        public IReadOnlyList<TaskId> Known => [];

        public TaskObservation? Observe(TaskId task) => null;

        public Task PrepareAsync(AssignedTask task, Action<string> progress, CancellationToken ct) => throw Unwanted;

        public Task<StartedContainer> StartAsync(AssignedTask task, CancellationToken ct) => throw Unwanted;

        public Task<ContainerEnd> WaitAsync(TaskId task, CancellationToken ct) => throw Unwanted;

        public Task<ContainerEnd> StopAsync(AssignedTask task, CancellationToken ct) => throw Unwanted;

        public Task ReleaseAsync(TaskId task, CancellationToken ct) => throw Unwanted;

        public Task RemoveAsync(TaskId task, CancellationToken ct) => throw Unwanted;
    }
}
