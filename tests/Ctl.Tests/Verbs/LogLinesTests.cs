using Swarm.Ctl.Verbs;
using Swarm.Protocol.V1;
using Swarm.Rpc;

namespace Swarm.Ctl.Tests.Verbs;

/// <summary>Reading logs while leaders come and go.</summary>
public sealed class LogLinesTests
{
    private readonly List<ServiceLogsRequest> _asked = [];
    private readonly Queue<(ServiceLogsResponse[] Lines, RpcStatusCode End)> _answers = new();

    [Fact]
    public async Task Who_follows_goes_on_after_the_last_line_of_each_task()
    {
        Answer(RpcStatusCode.Unavailable, Line("a", 10, 1), Line("b", 10, 1), Line("a", 10, 2), Line("b", 20, 1, true));
        Answer(RpcStatusCode.Unavailable);
        Answer(RpcStatusCode.OK, Line("c", 5, 1), Line("a", 30, 1));
        Assert.Equal(["a 10", "b 10", "a 10", "b 20", "c 5", "a 30"], await ReadAsync(follow: true));
        Assert.Equal(3, _asked.Count);
        Assert.Empty(_asked[0].Places);
        Assert.Equal(
            [new LogPlace { TaskId = "a", AtNs = 10, Nth = 2 },
                new LogPlace { TaskId = "b", AtNs = 20, Nth = 1, Stderr = true }],
            _asked[2].Places.OrderBy(p => p.TaskId));
        Assert.Equal("web", _asked[2].Refs.Single());
    }

    [Fact]
    public async Task A_warning_is_shown_once_and_a_service_that_went_meanwhile_is_the_end()
    {
        Answer(RpcStatusCode.Unavailable, new ServiceLogsResponse { Warning = "n4 is away" }, Line("a", 1, 1));
        Answer(RpcStatusCode.Unavailable, new ServiceLogsResponse { Warning = "n4 is away" });
        Answer(RpcStatusCode.NotFound);
        Assert.Equal(["n4 is away", "a 1"], await ReadAsync(follow: true));
    }

    [Theory]
    [InlineData(true, RpcStatusCode.NotFound)]
    [InlineData(true, RpcStatusCode.Unavailable)]
    [InlineData(false, RpcStatusCode.Unavailable)]
    public async Task What_cannot_begin_and_what_is_not_followed_fails(bool follow, RpcStatusCode code)
    {
        Answer(code, follow ? [] : [Line("a", 1, 1)]);
        Assert.Equal(code, (await Assert.ThrowsAsync<RpcException>(() => ReadAsync(follow))).Code);
        Assert.Single(_asked);
    }

    [Fact]
    public async Task Who_wants_no_old_lines_gets_none_of_a_task_that_was_silent()
    {
        Answer(RpcStatusCode.Unavailable, Line("a", 1, 1));
        Answer(RpcStatusCode.OK);
        var before = DateTimeOffset.UtcNow;
        await ReadAsync(follow: true, tail: 0);
        Assert.Equal((0, 0), (_asked[0].Tail, _asked[0].SinceNs));
        Assert.Equal(-1, _asked[1].Tail);
        Assert.True(_asked[1].SinceNs >= (before - DateTimeOffset.UnixEpoch).Ticks * 100);
    }

    private async Task<List<string>> ReadAsync(bool follow, long tail = -1)
    {
        var request = new ServiceLogsRequest { Follow = follow, Tail = tail, Refs = { "web" } };
        var lines = new LogLines(Read, request, TimeProvider.System);
        return await lines.ReadAsync(default)
            .Select(l => l.Warning.Length > 0 ? l.Warning : $"{l.TaskId} {l.AtNs}").ToListAsync();
    }

    private void Answer(RpcStatusCode end, params ServiceLogsResponse[] lines) => _answers.Enqueue((lines, end));

    private async IAsyncEnumerable<ServiceLogsResponse> Read(
        ServiceLogsRequest request,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        _asked.Add(request.Clone());
        var (lines, end) = _answers.Dequeue();
        foreach (var line in lines)
        {
            await Task.Yield();
            yield return line;
        }

        if (end != RpcStatusCode.OK)
        {
            throw new RpcException(end, "so it ends");
        }
    }

    private static ServiceLogsResponse Line(string task, long at, ulong nth, bool stderr = false) =>
        new() { TaskId = task, AtNs = at, Nth = nth, Stderr = stderr };
}
