using System.Net;
using Swarm.Manager.Metrics;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Store;

namespace Swarm.Manager.Tests;

/// <summary>Commands, watches and metrics of a real manager.</summary>
public sealed class CommandTests
{
    [Fact]
    public async Task A_command_that_comes_again_acts_once_also_after_a_restart()
    {
        await using var one = await OneManager.StartAsync();
        var request = one.Marked(OneManager.Create("web"));
        var first = await Create(one, request);
        Assert.Equal(first, await Create(one, request));
        await one.RestartAsync();
        Assert.Equal(first, await Create(one, request));
        var remove = one.Marked(new RemoveServiceRequest { Ref = "web" });
        for (var i = 0; i < 2; i++)
        {
            var removed = await one.CallAsync<RemoveServiceRequest, RemoveServiceResponse>("RemoveService", remove);
            Assert.Equal(first.Id, removed.Id);
        }

        // Now the name is free, and yet the first command does not act again.
        Assert.Equal(first, await Create(one, request));
        Assert.DoesNotContain(one.Node.State.Services.Values, s => !s.Removing);
    }

    [Fact]
    public async Task Many_tries_at_once_make_one_object()
    {
        await using var one = await OneManager.StartAsync();
        var request = one.Marked(OneManager.Create("web"));
        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Create(one, request)));
        Assert.Single(answers.Distinct());
        Assert.Single(one.Node.State.Services);
    }

    [Fact]
    public async Task An_id_serves_for_one_request_and_has_a_length()
    {
        await using var one = await OneManager.StartAsync();
        var request = one.Marked(OneManager.Create("web"));
        await Create(one, request);
        var other = OneManager.Create("other");
        other.RequestId = request.RequestId;
        var reused = await Assert.ThrowsAsync<RpcException>(() => Create(one, other));
        Assert.Equal(RpcStatusCode.InvalidArgument, reused.Code);
        other.RequestId = Google.Protobuf.ByteString.CopyFrom(1, 2, 3);
        Assert.Contains("24", (await Assert.ThrowsAsync<RpcException>(() => Create(one, other))).Message);
        Assert.Single(one.Node.State.Services);
    }

    /// <summary>Under thousands of commands a second the last ones that are known are of the last second.</summary>
    [Theory]
    [InlineData("7200000")]
    [InlineData("since when?")]
    public async Task What_may_have_acted_before_all_that_is_known_does_not_act_again(string askedMsAgo)
    {
        await using var one = await OneManager.StartAsync();
        var before = new Dictionary<string, string> { ["swarm-asked-ms-ago"] = askedMsAgo };
        var request = one.Marked(OneManager.Create("web"));
        var told = await Assert.ThrowsAsync<RpcException>(
            () => one.CallAsync<CreateServiceRequest, CreateServiceResponse>("CreateService", request, before));
        Assert.Equal(RpcStatusCode.DeadlineExceeded, told.Code);
        Assert.Contains("it is not known whether", told.Message, StringComparison.Ordinal);
        Assert.Empty(one.Node.State.Services);

        var first = await Create(one, request);
        Assert.Equal(
            first, await one.CallAsync<CreateServiceRequest, CreateServiceResponse>("CreateService", request, before));
        before["swarm-asked-ms-ago"] = "1500";
        await one.CallAsync<CreateServiceRequest, CreateServiceResponse>(
            "CreateService", one.Marked(OneManager.Create("other")), before);
        Assert.Equal(2, one.Node.State.Services.Count);
    }

    [Fact]
    public async Task When_replies_are_lost_the_number_of_objects_is_exact()
    {
        await using var one = await OneManager.StartAsync();
        var dice = new Random(7);
        await Task.WhenAll(Enumerable.Range(0, 40).Select(i => RpcRetry.UntilKnownAsync(
            async _ =>
            {
                var answer = await Create(one, Requests(i));
                lock (dice)
                {
                    return dice.Next(10) < 3 ? throw new RpcException(RpcStatusCode.Unavailable, "lost") : answer;
                }
            },
            repeatable: true, TimeSpan.FromSeconds(30), TimeProvider.System, default)));
        Assert.Equal(40, one.Node.State.Services.Count);

        CreateServiceRequest Requests(int i)
        {
            var request = OneManager.Create($"web{i}");
            request.RequestId = Google.Protobuf.ByteString.CopyFrom(
                new RequestId(99, (ulong)i, 0).ToBytes());
            return request;
        }
    }

    [Fact]
    public async Task Of_many_updates_that_saw_the_same_version_one_wins()
    {
        await using var one = await OneManager.StartAsync();
        var created = await one.CreateAsync("web");
        var service = (await one.CallAsync<GetServiceRequest, GetServiceResponse>(
            "GetService", new GetServiceRequest { Ref = "web" })).Service;
        var codes = await Task.WhenAll(Enumerable.Range(2, 10).Select(async i =>
        {
            var spec = service.Spec.Clone();
            spec.Labels["writer"] = $"{i}";
            try
            {
                await one.CallAsync<UpdateServiceRequest, UpdateServiceResponse>(
                    "UpdateService",
                    one.Marked(new UpdateServiceRequest
                    {
                        ServiceId = created.Id, Version = service.Version, Spec = spec, NoResolveImage = true,
                    }));
                return RpcStatusCode.OK;
            }
            catch (RpcException e)
            {
                Assert.Matches("version \\d+ is stored", e.Message);
                return e.Code;
            }
        }));
        // The planner may have touched the service after it was read: then nobody wins.
        Assert.True(codes.Count(c => c == RpcStatusCode.OK) <= 1);
        Assert.All(codes.Where(c => c != RpcStatusCode.OK), c => Assert.Equal(RpcStatusCode.Aborted, c));
    }

    [Fact]
    public async Task A_watch_goes_on_where_the_last_one_stopped_also_over_a_restart()
    {
        await using var one = await OneManager.StartAsync();
        var list = await one.CallAsync<ListServicesRequest, ListServicesResponse>(
            "ListServices", new ListServicesRequest());
        await one.CreateAsync("web");
        await one.CreateAsync("two");
        var names = await NamesAsync(one, list.Revision, 2);
        Assert.Equal(["web", "two"], names.Select(n => n.Name));
        await one.RestartAsync();
        Assert.Equal(names, await NamesAsync(one, list.Revision, 2));
        Assert.Equal([names[1]], await NamesAsync(one, names[0].Revision, 1));
    }

    [Fact]
    public async Task A_revision_of_the_future_is_refused_and_so_is_a_filter_that_nothing_fits()
    {
        await using var one = await OneManager.StartAsync();
        var future = one.Watch(new WatchRequest { AfterRevision = 1_000_000 });
        await using (future)
        {
            var e = await Assert.ThrowsAsync<RpcException>(async () => await future.ReadAllAsync(default).FirstAsync());
            Assert.Equal(RpcStatusCode.OutOfRange, e.Code);
        }

        var wrong = one.Watch(new WatchRequest { Types_ = { "container" } });
        await using (wrong)
        {
            var e = await Assert.ThrowsAsync<RpcException>(async () => await wrong.ReadAllAsync(default).FirstAsync());
            Assert.Equal(RpcStatusCode.InvalidArgument, e.Code);
        }
    }

    /// <summary>The number may exist in both epochs and stand for something else.</summary>
    [Fact]
    public async Task A_revision_of_another_epoch_is_refused_whether_or_not_it_exists_here()
    {
        await using var one = await OneManager.StartAsync();
        var list = await one.CallAsync<ListNodesRequest, ListNodesResponse>("ListNodes", new ListNodesRequest());
        Assert.Equal(0UL, list.Epoch);
        await using var watch = one.Watch(new WatchRequest { AfterRevision = list.Revision, Epoch = 1_780_000_000 });
        var e = await Assert.ThrowsAsync<RpcException>(async () => await watch.ReadAllAsync(default).FirstAsync());
        Assert.Equal(RpcStatusCode.OutOfRange, e.Code);
        Assert.Contains("is of epoch 1780000000 of the swarm, which began anew as epoch 0", e.Message);
        Assert.Equal(0UL, Compacted.Parser.ParseFrom(e.Details ?? []).Epoch);
        await using var now = one.Watch(new WatchRequest { Epoch = 5 });
        Assert.Equal(0UL, (await now.ReadAllAsync(default).FirstAsync()).Epoch);
    }

    [Fact]
    public async Task A_scraper_gets_valid_text_with_every_part()
    {
        await using var one = await OneManager.StartAsync();
        await one.CreateAsync("web");
        await using var server = await MetricsServer.StartAsync(
            new IPEndPoint(IPAddress.Loopback, 0), () => one.Node, default);
        using var http = new HttpClient { BaseAddress = new Uri($"http://{server.Endpoint}") };
        using var response = await http.GetAsync(new Uri("/metrics", UriKind.Relative));
        Assert.Equal("text/plain", response.Content.Headers.ContentType!.MediaType);
        var samples = Scrape.Parse(await response.Content.ReadAsStringAsync());
        Assert.Equal(1, samples["swarm_manager_up"]);
        Assert.Equal(1, samples["swarm_manager_is_leader"]);
        Assert.Equal(1, samples["swarm_raft_role{role=\"leader\"}"]);
        Assert.Equal(1, samples["swarm_store_objects{kind=\"service\"}"]);
        Assert.Equal(StoreFormat.Newest, samples["swarm_store_format"]);
        Assert.True(samples["swarm_raft_applied_index"] >= 4);
        Assert.Equal(0, samples["swarm_raft_disputed_index"]);
        Assert.True(samples["swarm_raft_proposals_total{outcome=\"done\"}"] >= 3);
        Assert.True(samples["swarm_store_apply_seconds_count"] >= 3);
        Assert.True(samples["swarm_raft_fsync_seconds_count"] >= 3);
        Assert.True(samples["swarm_raft_fsync_seconds_sum"] > 0);
        Assert.Equal(
            samples["swarm_raft_fsync_seconds_count"], samples["swarm_raft_fsync_seconds_bucket{le=\"+Inf\"}"]);
        Assert.True(samples["swarm_planner_plans_total"] >= 1);
        using var missing = await http.GetAsync(new Uri("/", UriKind.Relative));
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        using var posted = await http.PostAsync(new Uri("/metrics", UriKind.Relative), null);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, posted.StatusCode);
    }

    private static Task<CreateServiceResponse> Create(OneManager one, CreateServiceRequest request) =>
        one.CallAsync<CreateServiceRequest, CreateServiceResponse>("CreateService", request);

    private static async Task<List<(ulong Revision, string Name)>> NamesAsync(OneManager one, ulong after, int count)
    {
        var names = new List<(ulong, string)>();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await using var watch = one.Watch(new WatchRequest
        {
            AfterRevision = after, Types_ = { "service" }, Actions = { "create" },
        });
        await foreach (var message in watch.ReadAllAsync(patience.Token))
        {
            names.AddRange(message.Events.Select(e => (message.Revision, e.Attributes["name"])));
            if (names.Count >= count)
            {
                break;
            }
        }

        return names;
    }
}
