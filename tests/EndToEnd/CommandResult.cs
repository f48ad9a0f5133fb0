using System.Diagnostics;

namespace Swarm.EndToEnd;

/// <summary>What a command said, and how it ended.</summary>
public sealed record CommandResult(string Command, int ExitCode, string Output, string Errors)
{
    private const int MaxSeconds = 180;

    /// <summary>Both streams, as a person would have seen them.</summary>
    public string Text => $"$ {Command}\n{Output}{Errors}(exit code {ExitCode})";

    public string[] Lines =>
        Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>The result itself when the command succeeded; otherwise the test fails with all it said.</summary>
    public CommandResult Expect()
    {
        if (ExitCode != 0)
            Assert.Fail($"{Text}\n{Trouble.Text()}");
        return this;
    }

    /// <summary>Runs a program to its end; one that does not end is killed and fails the test.</summary>
    public static CommandResult Of(string program, IEnumerable<string> arguments, string input = "")
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = Repository.Root,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var shown = $"{Path.GetFileName(program)} {string.Join(' ', start.ArgumentList)}";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        Feed(process.StandardInput, input);
        if (!process.WaitForExit(TimeSpan.FromSeconds(MaxSeconds)))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"$ {shown}\ndid not end within {MaxSeconds} s");
        }

        return new CommandResult(shown, process.ExitCode, output.Result, errors.Result);
    }

    private static void Feed(StreamWriter to, string input)
    {
        try
        {
            to.Write(input);
            to.Close();
        }
        catch (IOException)
        {
            // It ended without reading: its exit code says what that means.
        }
    }
}
