using System.Globalization;
using System.Text;
using Swarm.Runtime.Containers;

namespace Swarm.Runtime.Tests.Containers;

/// <summary>Logs that are read on where somebody stopped.</summary>
public sealed class LogPlaceTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("log-place").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    /// <summary>Both streams, many lines of one moment, lines in pieces with others between, several files.</summary>
    [Fact]
    public async Task After_any_line_comes_all_that_follows_and_nothing_else()
    {
        Write("1 stdout F a", "1 stdout F b", "1 stderr F c", "1 stdout F d", "2 stderr P half", "3 stdout F e");
        Write("3 stdout F e", "4 stderr F whole", "4 stdout P x", "5 stderr F f", "5 stdout F y", "5 stderr F f");
        var all = await ReadAsync(null);
        Assert.Equal(["a", "b", "c", "d", "e", "e", "halfwhole", "f", "xy", "f"], all.Select(Text));
        for (var i = 0; i < all.Count; i++)
            Assert.Equal(all.Skip(i + 1).Select(Shown), (await ReadAsync(PlaceOf(all[i]))).Select(Shown));
    }

    [Fact]
    public async Task When_the_line_is_not_kept_any_more_all_that_is_younger_comes()
    {
        Write("4 stdout F a", "5 stdout F b", "6 stdout F c");
        var gone = new LogPosition(At(5), IsStandardError: false, Nth: 9);
        Assert.Equal(["c"], (await ReadAsync(gone)).Select(Text));
        Assert.Equal(["a", "b", "c"], (await ReadAsync(gone with { At = At(3) })).Select(Text));
    }

    [Fact]
    public async Task Who_follows_goes_on_there_too()
    {
        Write("1 stdout F a", "1 stdout F b");
        var place = PlaceOf((await ReadAsync(null))[0]);
        var ended = new TaskCompletionSource();
        var query = new LogQuery(0, null, Follow: true) { After = place };
        await using var lines = LogReader.ReadAsync(_root, query, ended.Task, default).GetAsyncEnumerator();
        Assert.True(await lines.MoveNextAsync());
        Assert.Equal("b", Text(lines.Current));
        Write("1 stdout F c");
        Assert.True(await lines.MoveNextAsync());
        Assert.Equal("c", Text(lines.Current));
        ended.SetResult();
        Assert.False(await lines.MoveNextAsync());
    }

    private async Task<List<LogLine>> ReadAsync(LogPosition? after) => await LogReader.ReadAsync(
        _root, new LogQuery(1, At(9), Follow: false) { After = after } is { After: not null } on
            ? on
            : new LogQuery(-1, null, Follow: false),
        Task.CompletedTask, CancellationToken.None).ToListAsync();

    private static LogPosition PlaceOf(LogLine line) => new(line.At, line.IsStandardError, line.Nth);

    private static DateTimeOffset At(int second) => new(2026, 1, 1, 0, 0, second, TimeSpan.Zero);

    private static string Text(LogLine line) => Encoding.UTF8.GetString(line.Line.Span);

    private static string Shown(LogLine line) => $"{line.At:s} {line.IsStandardError} {line.Nth} {Text(line)}";

    /// <summary>One more file; "SECOND STREAM P|F TEXT".</summary>
    private void Write(params string[] records)
    {
        var text = string.Concat(records.Select(
            r => string.Create(CultureInfo.InvariantCulture, $"2026-01-01T00:00:0{r[0]}.000000000+00:00{r[1..]}\n")));
        var path = Path.Combine(_root, LogFiles.Current);
        File.WriteAllText(path + ".tmp", text);
        File.Move(path + ".tmp", path, overwrite: true);
        LogFiles.TurnOver(_root, LogLimits.MostFiles);
    }
}
