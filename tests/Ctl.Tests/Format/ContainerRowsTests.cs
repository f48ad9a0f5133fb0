using Swarm.Ctl.Cli;
using Swarm.Ctl.Format;
using Swarm.Ctl.Verbs;
using Swarm.Protocol.V1;
using State = Swarm.Protocol.V1.ContainerView.Types.State;

namespace Swarm.Ctl.Tests.Format;

/// <summary>Containers in docker's words.</summary>
public sealed class ContainerRowsTests
{
    private const long Second = 1_000_000_000;

    [Fact]
    public void The_state_is_told_as_docker_tells_it()
    {
        var now = Ago.At(1000 * Second);
        string Status(ContainerView view) => ContainerRows.Status(view, now);
        var up = new ContainerView { State = State.Running, StartedNs = 994 * Second };
        Assert.Equal("Up 6 seconds", Status(up));
        Assert.Equal("Up 6 seconds (healthy)", Status(new ContainerView(up) { Health = "healthy" }));
        Assert.Equal("Up 6 seconds (health: starting)", Status(new ContainerView(up) { Health = "starting" }));
        Assert.Equal("Created", Status(new ContainerView()));
        Assert.Equal(
            "Exited (137) 3 minutes ago",
            Status(new ContainerView { State = State.Exited, ExitCode = 137, FinishedNs = 820 * Second }));
    }

    [Fact]
    public void A_row_has_dockers_columns()
    {
        var view = new ContainerView
        {
            Id = "69dc7c429264bf830fbdd8703", Name = "full.2.m5iq", State = State.Running,
            Image = "10.78.0.254:5000/web:1@sha256:0123",
            Command = { "sh", "-c", "echo a long line of\u001b[2J text" },
            Ports = { "8090:80/tcp" },
            Mounts =
            {
                new ContainerMountView { Type = "volume", Name = "data", Source = "/var/x", Target = "/d" },
                new ContainerMountView { Type = "tmpfs", Target = "/t" },
            },
        };
        var row = ContainerRows.Row(view, whole: false);
        Assert.Equal(("69dc7c429264", "10.78.0.254:5000/web:1"), ((string?)row["ID"], (string?)row["Image"]));
        Assert.Equal("\"sh -c echo a long l…\"", (string?)row["Command"]);
        Assert.Equal("0.0.0.0:8090->80/tcp", (string?)row["Ports"]);
        Assert.Equal(("data", "1"), ((string?)row["Mounts"], (string?)row["LocalVolumes"]));
        Assert.DoesNotContain('\u001b', (string)ContainerRows.Row(view, whole: true)["Command"]!);
    }

    [Fact]
    public void Filters_choose()
    {
        ContainerView[] all =
        [
            new() { Id = "aa1", Name = "web.1.x", Image = "reg/web:1@sha256:0", State = State.Running, ServiceId = "s",
                CreatedNs = 3, Labels = { ["k"] = "v" }, Ports = { "80:8080/tcp" }, Health = "healthy" },
            new() { Id = "bb2", Name = "once", Image = "busy:1", State = State.Exited, ExitCode = 5, CreatedNs = 2,
                Mounts = { new ContainerMountView { Type = "volume", Name = "data", Target = "/d" } } },
            new() { Id = "bb3", Name = "twice", Image = "busy:1", State = State.Created, CreatedNs = 1 },
        ];
        string Ids(params string[] filters) =>
            string.Join(' ', new ContainerFilters(filters).Of(all).Select(c => c.Id));
        Assert.Equal("aa1 bb2 bb3", Ids());
        Assert.Equal("bb2 bb3", Ids("id=bb"));
        Assert.Equal("aa1 bb2", Ids("name=web", "name=once"));
        Assert.Equal("bb2", Ids("exited=5"));
        Assert.Equal("aa1 bb3", Ids("status=running", "status=created"));
        Assert.Equal("aa1", Ids("label=k", "label=k=v"));
        Assert.Equal("", Ids("label=k", "label=other"));
        Assert.Equal("bb2 bb3", Ids("ancestor=busy"));
        Assert.Equal("aa1", Ids("ancestor=reg/web:1"));
        Assert.Equal("bb2", Ids("volume=data"));
        Assert.Equal("aa1", Ids("publish=80"));
        Assert.Equal("bb2 bb3", Ids("is-task=false"));
        Assert.Equal("aa1", Ids("health=healthy"));
        Assert.Equal("bb3", Ids("before=once"));
        Assert.Equal("aa1", Ids("since=once"));
        Assert.True(new ContainerFilters(["exited=0"]).WantsAll);
        Assert.Throws<UsageException>(() => new ContainerFilters(["nosuch=1"]));
        Assert.Throws<UsageException>(() => new ContainerFilters(["status=paused"]));
        Assert.Throws<CtlException>(() => Ids("before=nobody"));
    }

    [Fact]
    public void Processors_are_counted_over_the_time_between_two_looks()
    {
        var before = new Protocol.V1.ContainerStats { Id = "a", AtNs = Second, CpuNs = Second };
        var now = new Protocol.V1.ContainerStats
        {
            Id = "a", Name = "web", AtNs = 3 * Second, CpuNs = 4 * Second, MemoryBytes = 32 << 20,
            MemoryLimitBytes = 64 << 20, Pids = 3, ReceivedBytes = 1500, SentBytes = 0,
        };
        var row = ContainerStatsVerb.Row(now, before, 1 << 30, whole: false);
        Assert.Equal(("150.00%", "50.00%"), ((string?)row["CPUPerc"], (string?)row["MemPerc"]));
        Assert.Equal(("32MiB / 64MiB", "1.5kB / 0B"), ((string?)row["MemUsage"], (string?)row["NetIO"]));
        var none = ContainerStatsVerb.Row(new Protocol.V1.ContainerStats { Id = "b" }, null, 1 << 30, whole: false);
        Assert.Equal(("--", "-- / --"), ((string?)none["CPUPerc"], (string?)none["MemUsage"]));
    }
}
