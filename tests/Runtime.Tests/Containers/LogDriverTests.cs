using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Swarm.Runtime.Containers;
using Xunit.Abstractions;

namespace Swarm.Runtime.Tests.Containers;

/// <summary>Where output goes besides files, and what one that never ends does to the others.</summary>
public sealed class LogDriverTests(ContainerFixture fixture, ITestOutputHelper output)
    : IClassFixture<ContainerFixture>
{
    private const int FloodSeconds = 3;

    [Fact]
    public async Task Without_a_log_nothing_is_kept_and_reading_says_why()
    {
        var spec = fixture.Shell("echo gone; exit 7") with { Log = new LogLimits { Target = LogTarget.Nowhere } };
        await fixture.StartAsync(spec);
        Assert.Equal(7, (await fixture.Runtime.WaitAsync(spec.Id, ContainerFixture.Deadline)).ExitCode);
        Assert.Empty(Directory.GetFiles($"{fixture.Root}/data/containers/{spec.Id}/logs"));
        Assert.False(fixture.Runtime.KeepsLog(spec.Id));
        var refused = Assert.Throws<ContainerException>(
            () => fixture.Runtime.ReadLogAsync(spec.Id, -1, null, false, default));
        Assert.Contains("its log driver is none", refused.Message, StringComparison.Ordinal);
        await fixture.ReopenAsync();
        Assert.False(fixture.Runtime.KeepsLog(spec.Id));
    }

    /// <summary>On a host without a journal the test is one: a socket at the place where libsystemd looks.</summary>
    [Fact]
    public async Task The_journal_of_the_host_is_written_beside_the_files_or_refused_by_name()
    {
        var spec = fixture.Shell("echo to the journal") with
        {
            // conmon takes no shorter name for the journal; those of tasks have 25 characters.
            Id = "journal".PadLeft(25, '0'),
            Log = new LogLimits { Target = LogTarget.FilesAndJournal },
            About = new ContainerAbout { Name = "web.1.abc" },
        };
        if (Path.Exists(CreateContainer.JournalSocket))
            return;
        var refused = await Assert.ThrowsAsync<ContainerException>(() => fixture.StartAsync(spec));
        Assert.Contains(CreateContainer.JournalSocket + " is not there", refused.Message, StringComparison.Ordinal);
        Assert.Null(fixture.Runtime.Find(spec.Id));

        Directory.CreateDirectory(Path.GetDirectoryName(CreateContainer.JournalSocket)!);
        using var journal = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        try
        {
            journal.Bind(new UnixDomainSocketEndPoint(CreateContainer.JournalSocket));
            await fixture.RunAsync(spec);
            var entry = await ReceiveAsync(journal, "to the journal");
            Assert.Contains("CONTAINER_NAME=web.1.abc\n", entry, StringComparison.Ordinal);
            Assert.Contains($"CONTAINER_ID_FULL={spec.Id}\n", entry, StringComparison.Ordinal);
            Assert.Equal("to the journal\n", await fixture.OutputAsync(spec.Id));
        }
        finally
        {
            File.Delete(CreateContainer.JournalSocket);
        }
    }

    [Theory]
    [InlineData("yes flood flood flood", 1)]
    [InlineData("cat /dev/zero", 6)]
    public async Task A_flood_stays_within_its_files_and_leaves_neighbours_and_daemon_alone(string flood, int floods)
    {
        var limits = new LogLimits(1 << 20, 3);
        var quiet = fixture.Shell("i=0; while :; do echo $i; i=$((i+1)); sleep 0.05; done");
        await fixture.StartAsync(quiet);
        var before = await LatenessAsync(quiet.Id, TimeSpan.FromSeconds(1), () => { });
        var noisy = Enumerable.Range(0, floods).Select(_ => fixture.Shell(flood) with { Log = limits }).ToList();
        foreach (var one in noisy)
            await fixture.StartAsync(one);
        var folders = noisy.Select(n => new DirectoryInfo($"{fixture.Root}/data/containers/{n.Id}/logs")).ToList();
        var (cpu, written) = (Process.GetCurrentProcess().TotalProcessorTime, noisy.Sum(n => Written(n.Id)));
        var clock = Stopwatch.StartNew();
        var most = 0L;
        var late = await LatenessAsync(
            quiet.Id, TimeSpan.FromSeconds(FloodSeconds),
            () => most = Math.Max(most, folders.Max(f => f.EnumerateFiles().Sum(Length))));
        cpu = Process.GetCurrentProcess().TotalProcessorTime - cpu;
        var rate = (noisy.Sum(n => Written(n.Id)) - written) / clock.Elapsed.TotalSeconds / 1e6;
        var start = Stopwatch.StartNew();
        await fixture.RunAsync(fixture.Shell("true"));
        output.WriteLine(
            $"{rate:F0} MB/s by {floods} monitors, daemon {cpu / clock.Elapsed:P0} of a core; "
            + $"neighbour's lines late by {late[late.Count / 2]:F0} ms in the middle and {late[^1]:F0} at most, before "
            + $"{before[before.Count / 2]:F0} and {before[^1]:F0}; {most >> 10} KiB at most; a container from "
            + $"creation to end {start.ElapsedMilliseconds} ms");
        Assert.InRange(most, 1, (limits.MaxFileBytes + 65536) * (limits.MaxFiles + 1));
        Assert.True(late.Count > 10, $"{late.Count} lines of the neighbour in {FloodSeconds} s");
        foreach (var one in noisy.Append(quiet))
            await fixture.Runtime.DeleteAsync(one.Id, ContainerFixture.Deadline);
    }

    /// <summary>Milliseconds between writing and reading of the lines that come in a time, sorted.</summary>
    private async Task<List<double>> LatenessAsync(string id, TimeSpan time, Action look)
    {
        var late = new List<double>();
        var clock = Stopwatch.StartNew();
        await foreach (var line in fixture.Runtime.ReadLogAsync(id, 0, null, true, ContainerFixture.Deadline))
        {
            late.Add((DateTimeOffset.UtcNow - line.At).TotalMilliseconds);
            look();
            if (clock.Elapsed >= time)
                break;
        }

        late.Sort();
        return late;
    }

    /// <summary>0 of a file that was dropped meanwhile.</summary>
    private static long Length(FileInfo file)
    {
        try
        {
            return file.Length;
        }
        catch (FileNotFoundException)
        {
            return 0;
        }
    }

    /// <summary>Bytes that the container's monitor has written.</summary>
    private long Written(string id)
    {
        var pid = File.ReadAllText($"{fixture.Root}/data/containers/{id}/monitor.pid").Trim();
        return long.Parse(
            File.ReadLines($"/proc/{pid}/io").First(l => l.StartsWith("wchar", StringComparison.Ordinal))[7..],
            System.Globalization.CultureInfo.InvariantCulture);
    }

    private static async Task<string> ReceiveAsync(Socket journal, string text)
    {
        var buffer = new byte[64 * 1024];
        while (true)
        {
            // conmon leaves the line feed in the message, so the journal's form for such is used: length, then bytes.
            var count = await journal.ReceiveAsync(buffer, ContainerFixture.Deadline);
            var entry = Encoding.UTF8.GetString(buffer, 0, count);
            if (entry.Contains($"{text}\n", StringComparison.Ordinal))
                return entry;
        }
    }
}
