using System.Text;
using Swarm.Runtime.Containers;

namespace Swarm.Runtime.Tests.Containers;

/// <summary>Logs that turn over while they are read.</summary>
public sealed class LogTurnTests : IDisposable
{
    private const int Logs = 60;
    private const int Turns = 15;
    private const int LinesEach = 3;
    private readonly string _root = Directory.CreateTempSubdirectory("log-turn").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    /// <summary>No file is dropped in this test: what a reader does not see was skipped.</summary>
    [Fact]
    public async Task A_reader_skips_no_file_and_reads_none_twice_while_names_move_on()
    {
        for (var log = 0; log < Logs; log++)
        {
            var directory = Directory.CreateDirectory(Path.Combine(_root, $"{log}")).FullName;
            Write(directory, 0);
            var writer = Task.Run(() =>
            {
                for (var turn = 1; turn <= Turns; turn++)
                    Write(directory, turn);
            });
            while (!writer.IsCompleted)
                await CheckAsync(directory);
            await writer;
            Assert.Equal((Turns + 1) * LinesEach, await CheckAsync(directory));
        }
    }

    /// <summary>As the monitor does it: a new file is renamed over the full one.</summary>
    private static void Write(string directory, int turn)
    {
        var text = new StringBuilder();
        for (var line = turn * LinesEach; line < (turn + 1) * LinesEach; line++)
            text.Append("2026-01-01T00:00:00.000000000+00:00 stdout F ").Append(line).Append('\n');
        var path = Path.Combine(directory, LogFiles.Current);
        File.WriteAllText(path + ".tmp", text.ToString());
        File.Move(path + ".tmp", path, overwrite: true);
        LogFiles.TurnOver(directory, LogLimits.MostFiles);
    }

    private static async Task<int> CheckAsync(string directory)
    {
        var next = 0;
        var query = new LogQuery(-1, null, Follow: false);
        await foreach (var line in LogReader.ReadAsync(directory, query, Task.CompletedTask, CancellationToken.None))
            Assert.Equal(next++, int.Parse(Encoding.UTF8.GetString(line.Line.Span), null));
        return next;
    }
}
