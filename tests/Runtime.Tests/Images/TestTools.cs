using System.Diagnostics;

namespace Swarm.Runtime.Tests.Images;

/// <summary>Debian's own tools, as second opinions.</summary>
internal static class TestTools
{
    internal static string Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(
            program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {errors.Result}");
    }

    /// <summary>
    /// Every name with type, mode, owner, size, link count, time and link target; sizes of directories aside.
    /// </summary>
    internal static string Listing(string directory) =>
        Run("/bin/sh", "-c",
            "cd \"$0\" && find . \\( -type d -printf '%p d %m %U:%G %T@\\n' -o "
            + "-printf '%p %y %m %U:%G %s %n %T@ %l\\n' \\) | LC_ALL=C sort", directory);
}
