using System.Text;
using Swarm.Runtime.Containers;

namespace Swarm.Runtime.Tests.Containers;

public sealed class LogTests(ContainerFixture fixture) : IClassFixture<ContainerFixture>
{
    [Fact]
    public async Task Both_streams_long_lines_and_an_unfinished_last_line_are_read()
    {
        var spec = fixture.Shell("echo out; sleep 0.1; echo err >&2; sleep 0.1; "
            + "busybox head -c 100000 /dev/zero | busybox tr '\\0' x; echo; echo -n end");
        await fixture.RunAsync(spec);
        var lines = await ReadAsync(spec.Id, -1);
        Assert.Equal(4, lines.Count);
        Assert.Equal(("out", false), (Text(lines[0]), lines[0].IsStandardError));
        Assert.Equal(("err", true), (Text(lines[1]), lines[1].IsStandardError));
        Assert.Equal(100_000, lines[2].Line.Length);
        Assert.Equal(("end", true), (Text(lines[3]), lines[3].Cut));
        Assert.InRange(lines[0].At, DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow.AddMinutes(1));
        Assert.Equal(["err"], (await ReadAsync(spec.Id, -1, lines[1].At)).Take(1).Select(Text));
        Assert.Equal(["end"], (await ReadAsync(spec.Id, 1)).Select(Text));
        Assert.Empty(await ReadAsync(spec.Id, 0));
    }

    [Theory]
    [InlineData(5000, "[ $((i%400)) = 0 ] && sleep 0.05", true)]
    [InlineData(20_000, ":", false)]
    public async Task Rotation_bounds_the_files_and_keeps_the_newest_lines(int count, string pause, bool complete)
    {
        var spec = fixture.Shell($"i=0; while [ $i -lt {count} ]; do echo line $i; i=$((i+1)); {pause}; done") with
        {
            Log = new LogLimits(LogLimits.SmallestFileBytes, 3),
        };
        await fixture.RunAsync(spec);
        var files = Directory.GetFiles($"{fixture.Root}/data/containers/{spec.Id}/logs");
        Assert.InRange(files.Length, 3, 4);
        Assert.All(files, f => Assert.InRange(new FileInfo(f).Length, 0, LogLimits.SmallestFileBytes + 8192));
        var numbers = (await ReadAsync(spec.Id, -1)).Select(Number).ToArray();
        Assert.Equal(count - 1, numbers[^1]);
        Assert.InRange(numbers.Length, 1000, count - 1);
        Assert.Equal(numbers.Order().Distinct(), numbers);
        // A flood of several files within the daemon's reaction time may leave a gap, ordinary output may not.
        if (complete)
            Assert.Equal(Enumerable.Range(numbers[0], numbers.Length), numbers);
        Assert.Equal(numbers[^5..], (await ReadAsync(spec.Id, 5)).Select(Number));
    }

    [Fact]
    public async Task Follow_sees_every_line_over_rotations_and_ends_with_the_container()
    {
        const int Lines = 3000;
        var spec = fixture.Shell(
            $"i=0; while [ $i -lt {Lines} ]; do echo line $i; i=$((i+1)); [ $((i%100)) = 0 ] && sleep 0.05; done") with
        {
            Log = new LogLimits(LogLimits.SmallestFileBytes, 3),
        };
        await fixture.StartAsync(spec);
        var lines = await ReadAsync(spec.Id, -1, null, follow: true);
        Assert.Equal(Enumerable.Range(0, Lines), lines.Select(Number));
    }

    [Fact]
    public async Task Exit_and_log_of_a_released_container_outlive_the_daemon()
    {
        var spec = fixture.Shell("echo remembered; exit 9");
        await fixture.RunAsync(spec);
        await fixture.Runtime.ReleaseAsync(spec.Id, ContainerFixture.Deadline);
        await fixture.Runtime.ReleaseAsync(spec.Id, ContainerFixture.Deadline);
        Assert.DoesNotContain(spec.Id, new CgroupTree().Children(fixture.CgroupParent));
        await fixture.ReopenAsync();
        Assert.Equal(9, fixture.Runtime.Find(spec.Id)!.Exit!.ExitCode);
        Assert.Equal("remembered\n", await fixture.OutputAsync(spec.Id));
        await fixture.Runtime.DeleteAsync(spec.Id, ContainerFixture.Deadline);
        await fixture.Runtime.ReleaseAsync(spec.Id, ContainerFixture.Deadline);
        Assert.Throws<ContainerException>(() => fixture.Runtime.ReadLogAsync(spec.Id, -1, null, false, default));
    }

    private async Task<List<LogLine>> ReadAsync(string id, long tail, DateTimeOffset? since = null, bool follow = false)
    {
        var lines = new List<LogLine>();
        await foreach (var line in fixture.Runtime.ReadLogAsync(id, tail, since, follow, ContainerFixture.Deadline))
            lines.Add(line);
        return lines;
    }

    private static int Number(LogLine line) =>
        int.Parse(Text(line)[5..], System.Globalization.CultureInfo.InvariantCulture);

    private static string Text(LogLine line) => Encoding.UTF8.GetString(line.Line.Span);
}
