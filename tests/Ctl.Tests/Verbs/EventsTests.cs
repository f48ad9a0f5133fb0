using Swarm.Ctl.Cli;
using Swarm.Ctl.Verbs;
using Swarm.Protocol.V1;
using Swarm.Rpc;

namespace Swarm.Ctl.Tests.Verbs;

public sealed class EventsTests
{
    private const ulong Epoch = 1_780_000_000;

    private static readonly Event Updated = new()
    {
        Type = "service",
        Action = "update",
        Id = "wae5neevu98vyj4ilpo14hphs",
        Attributes = { ["replicas.old"] = "3", ["name"] = "web", ["replicas.new"] = "5" },
        AtNs = 1795229655662109651,
    };

    [Fact]
    public void Json_is_dockers_with_revision_and_epoch_at_its_end() => Assert.Equal(
        """{"Type":"service","Action":"update","Actor":{"ID":"wae5neevu98vyj4ilpo14hphs","Attributes":"""
        + """{"name":"web","replicas.new":"5","replicas.old":"3"}},"scope":"swarm","time":1795229655,"""
        + "\"timeNano\":1795229655662109651,\"revision\":12,\"epoch\":3}",
        Events.Document(Updated, new Revision(3, 12)).ToJsonString());

    [Fact]
    public void A_line_has_sorted_attributes_and_nothing_that_moves_the_cursor()
    {
        Assert.Equal(
            "2026-11-21T02:54:15.662109651Z service update wae5neevu98vyj4ilpo14hphs "
            + "(name=web, replicas.new=5, replicas.old=3)",
            Events.Line(Updated));
        var hostile = Updated.Clone();
        hostile.Attributes["name"] = "a\u001b[2J\nb";
        Assert.Contains("name=a?[2J b", Events.Line(hostile));
    }

    [Fact]
    public void Filters_and_the_revision_are_checked()
    {
        var request = Events.Request(["type=service", "type=node", "event=update", "service=web", "scope=swarm"], "7");
        Assert.Equal(["service", "node"], request.Types_);
        Assert.Equal((7UL, "web"), (request.AfterRevision, request.Services.Single()));
        Assert.False(Events.Request([], null).HasAfterRevision);
        Assert.Throws<UsageException>(() => Events.Request(["scope=local"], null));
        Assert.Throws<UsageException>(() => Events.Request(["image=web"], null));
        Assert.All(
            new[] { "-1", "1.", ".1", "1.2.3", "1.x", "" },
            text => Assert.Throws<UsageException>(() => Events.Request([], text)));
        var later = Events.Request([], "1780000000.12");
        Assert.Equal((0UL, 1780000000UL, 12UL), (request.Epoch, later.Epoch, later.AfterRevision));
    }

    /// <summary>The stream breaks after each message, once in the middle of a revision.</summary>
    [Fact]
    public async Task Each_event_is_given_once_however_often_the_stream_breaks()
    {
        WatchResponse[] log =
        [
            Message(5, more: true, "a", "b"), Message(5, more: false, "c"), Message(8, more: false, "d"),
            Message(9, more: false, "e"),
        ];
        var opened = 0;
        var feed = new EventFeed(
            new WatchRequest(),
            request =>
            {
                Assert.Equal(opened == 0 ? 0UL : Epoch, request.Epoch);
                return Broken(log, request.HasAfterRevision ? request.AfterRevision : 4, ++opened);
            },
            TimeProvider.System);
        var seen = new List<string>();
        await foreach (var (revision, e) in feed.ReadAsync(default))
        {
            Assert.Equal(Epoch, revision.Epoch);
            seen.Add($"{revision.Number}{e.Id}");
            if (e.Id == "e")
            {
                break;
            }
        }

        Assert.Equal(["5a", "5b", "5c", "8d", "9e"], seen);
        Assert.True(opened > 2);
    }

    [Fact]
    public async Task A_compacted_revision_ends_it()
    {
        var feed = new EventFeed(new WatchRequest { AfterRevision = 1 }, _ => Compacted(), TimeProvider.System);
        var told = await Assert.ThrowsAsync<RpcException>(async () => await feed.ReadAsync(default).FirstAsync());
        Assert.Equal(RpcStatusCode.OutOfRange, told.Code);
    }

    private static async IAsyncEnumerable<WatchResponse> Broken(WatchResponse[] log, ulong after, int attempt)
    {
        await Task.Yield();
        yield return new WatchResponse { Revision = after, Epoch = Epoch };
        foreach (var message in log.Where(m => m.Revision > after).Take(attempt))
        {
            yield return message;
        }

        throw new RpcException(RpcStatusCode.Unavailable, "the leader changed");
    }

    private static async IAsyncEnumerable<WatchResponse> Compacted()
    {
        await Task.Yield();
        yield return new WatchResponse { Revision = 1 };
        throw new RpcException(RpcStatusCode.OutOfRange, "compacted");
    }

    private static WatchResponse Message(ulong revision, bool more, params string[] ids)
    {
        var message = new WatchResponse { Revision = revision, Epoch = Epoch, More = more };
        message.Events.Add(ids.Select(id => new Event { Type = "task", Action = "create", Id = id }));
        return message;
    }
}
