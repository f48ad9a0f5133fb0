using Swarm.Manager.Tests;
using Swarm.Protocol.V1;
using Swarm.Rpc;

namespace Swarm.CommandLine.Tests;

/// <summary>Lists of a real manager: pages that miss nothing, filters, and what a person sees of them.</summary>
public sealed class ListTests
{
    [Fact]
    public async Task Pages_together_are_the_whole_list_in_order()
    {
        await using var one = await OneManager.StartAsync();
        foreach (var i in Enumerable.Range(0, 7))
        {
            var request = OneManager.Create($"web{i}");
            request.Spec.Replicated.Replicas = 12;
            await one.CallAsync<CreateServiceRequest, CreateServiceResponse>("CreateService", request);
        }

        await OneManager.UntilAsync(() => one.Node.State.Tasks.Count == 84);
        foreach (var size in new uint[] { 1, 5, 84, 85, 0, 100_000 })
        {
            var tasks = new List<string>();
            await foreach (var page in TaskPages(one, size))
            {
                Assert.True(size == 0 || page.Tasks.Count <= size);
                tasks.AddRange(page.Tasks.Select(t => t.Name));
            }

            Assert.Equal(
                Enumerable.Range(0, 7).SelectMany(i => Enumerable.Range(1, 12).Select(n => $"web{i}.{n}")), tasks);
        }

        var token = "";
        var services = new List<string>();
        do
        {
            var page = await one.CallAsync<ListServicesRequest, ListServicesResponse>(
                "ListServices", new ListServicesRequest { Page = new Page { Size = 3, Token = token } });
            services.AddRange(page.Services.Select(s => s.Spec.Name));
            token = page.NextPageToken;
        }
        while (token.Length > 0);
        Assert.Equal(Enumerable.Range(0, 7).Select(i => $"web{i}"), services);
    }

    [Fact]
    public async Task What_goes_between_two_pages_makes_nobody_miss_the_rest()
    {
        await using var one = await OneManager.StartAsync();
        foreach (var name in new[] { "a", "b", "c", "d" })
        {
            await one.CreateAsync(name);
        }

        var first = await one.CallAsync<ListServicesRequest, ListServicesResponse>(
            "ListServices", new ListServicesRequest { Page = new Page { Size = 2 } });
        foreach (var gone in new[] { "a", "b" })
        {
            await one.CallAsync<RemoveServiceRequest, RemoveServiceResponse>(
                "RemoveService", new RemoveServiceRequest { Ref = gone });
        }

        await one.CreateAsync("aa");
        var second = await one.CallAsync<ListServicesRequest, ListServicesResponse>(
            "ListServices", new ListServicesRequest { Page = new Page { Size = 2, Token = first.NextPageToken } });
        Assert.Equal(["c", "d"], second.Services.Select(s => s.Spec.Name));
        Assert.Equal("", second.NextPageToken);
    }

    [Fact]
    public async Task A_token_of_something_else_is_refused()
    {
        await using var one = await OneManager.StartAsync();
        foreach (var token in new[] { "nonsense!", "AAAA", new string('A', 5000) })
        {
            var e = await Assert.ThrowsAsync<RpcException>(
                () => one.CallAsync<ListTasksRequest, ListTasksResponse>(
                    "ListTasks", new ListTasksRequest { Page = new Page { Token = token } }));
            Assert.Equal(RpcStatusCode.InvalidArgument, e.Code);
            Assert.StartsWith("page.token", e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Filters_and_forms_are_dockers()
    {
        await using var one = await OneManager.StartAsync();
        foreach (var line in new[]
        {
            "--name web --label tier=front --replicas 2", "--name agent --mode global --label tier=back",
            "--name once --mode replicated-job --label tier=front",
        })
        {
            var ran = await one.CtlAsync(
                ["service", "create", "-d", "--no-resolve-image", .. line.Split(' '), BadInput.Image]);
            Assert.Equal((0, ""), (ran.ExitCode, ran.Errors));
        }

        await OneManager.UntilAsync(() => one.Node.State.Tasks.Count == 3);
        await Shows(one, "once web", "service ls --filter label=tier=front --format {{.Name}}");
        await Shows(one, "agent", "service ls --filter mode=global --format {{.Name}}");
        await Shows(one, "agent once", "service ls -f mode=global -f mode=replicated-job --format {{.Name}}");
        await Shows(one, "web", "service ls --filter name=we --format {{.Name}}");
        await Shows(one, "web:0/2", "service ls --filter name=web --format {{.Name}}:{{.Replicas}}");
        await Shows(one, "web.1 web.2", "service ps web --format {{.Name}}");
        await Shows(one, "web.2", "service ps web --filter name=web.2 --format {{.Name}}");
        await Shows(one, "once.1", "service ps once --filter desired-state=complete --format {{.Name}}");
        await Shows(one, "", "service ps web --filter desired-state=shutdown -q");
        await Shows(one, "once.1 web.1 web.2", "service ps web once --filter label=tier=front --format {{.Name}}");
        var scaled = await one.CtlAsync("service", "scale", "-d", "web=3", "once=4", "agent=2");
        Assert.Equal((1, "web scaled to 3\nonce scaled to 4\n"), (scaled.ExitCode, scaled.Output));
        Assert.StartsWith(
            "agent: scale can only be used with replicated or replicated-job mode", scaled.Errors,
            StringComparison.Ordinal);
        var removed = await one.CtlAsync("service", "rm", "web", "nosuch", "once");
        Assert.Equal((3, "web\nonce\n"), (removed.ExitCode, removed.Output));
        var stale = await one.CtlAsync("--stale", "service", "ls", "-q");
        Assert.Contains("may be out of date", stale.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_can_be_asked_for_by_time()
    {
        await using var one = await OneManager.StartAsync();
        await one.CreateAsync("web");
        var since = await one.CtlAsync(
            "events", "--since", "10m", "--until", "0s", "--filter", "type=service", "--format",
            "{{.Type}} {{.Action}} {{.Actor.Attributes.name}}");
        Assert.Equal((0, "service create web\n", ""), (since.ExitCode, since.Output, since.Errors));
        var later = await one.CtlAsync(
            "events", "--since", "2100-01-01", "--until", "0s", "--filter", "type=service");
        Assert.Equal((0, ""), (later.ExitCode, later.Output));
        var earlier = await one.CtlAsync("events", "--since", "2001-01-01", "--until", "2002-01-01");
        Assert.Equal((0, ""), (earlier.ExitCode, earlier.Output));
    }

    private static async Task Shows(OneManager one, string expected, string line)
    {
        var ran = await one.CtlAsync(line.Split(' '));
        Assert.Equal(0, ran.ExitCode);
        Assert.Equal(expected, string.Join(' ', ran.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)));
    }

    private static async IAsyncEnumerable<ListTasksResponse> TaskPages(OneManager one, uint size)
    {
        var token = "";
        do
        {
            var page = await one.CallAsync<ListTasksRequest, ListTasksResponse>(
                "ListTasks", new ListTasksRequest { Page = new Page { Size = size, Token = token } });
            yield return page;
            token = page.NextPageToken;
        }
        while (token.Length > 0);
    }
}
