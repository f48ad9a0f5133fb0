using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Swarm.Ctl.Cli;

/// <summary>
/// One line of standard input, which a terminal does not show. The console of .NET echoes what it reads itself, so the
/// terminal is asked directly.
/// </summary>
internal static partial class SecretInput
{
    /// <summary>More than any key or passphrase has.</summary>
    internal const int MaxBytes = 4096;

    private const int Input = 0;
    private const int SetNow = 0;

    // struct termios of Linux: four flag words first, of which the fourth is c_lflag.
    private const int TermiosBytes = 128;
    private const int LocalFlags = 3;
    private const uint Echo = 8;

    /// <summary>Asks only a person; a pipe is read without a word.</summary>
    /// <exception cref="CtlException">No line came.</exception>
    internal static async Task<string> ReadLineAsync(string prompt, TextWriter error, CancellationToken ct)
    {
        if (Console.IsInputRedirected)
        {
            return ReadLine();
        }

        var before = new uint[TermiosBytes / sizeof(uint)];
        if (tcgetattr(Input, before) != 0)
        {
            throw new CtlException(ExitCode.Refused, "the terminal cannot be asked without an echo; use a pipe");
        }

        var silent = (uint[])before.Clone();
        silent[LocalFlags] &= ~Echo;
        error.Write(prompt);
        error.Flush();
        _ = tcsetattr(Input, SetNow, silent);
        try
        {
            // The read itself cannot be called off; the process ends with it.
            return await Task.Run(ReadLine, CancellationToken.None).WaitAsync(ct).ConfigureAwait(false);
        }
        finally
        {
            _ = tcsetattr(Input, SetNow, before);
            error.WriteLine();
        }
    }

    private static string ReadLine()
    {
        using var handle = new SafeFileHandle(Input, ownsHandle: false);
        using var stream = new FileStream(handle, FileAccess.Read, bufferSize: 0);
        var line = new List<byte>();
        for (int next; (next = stream.ReadByte()) >= 0 && next != '\n';)
        {
            line.Add((byte)next);
            if (line.Count > MaxBytes)
            {
                throw new CtlException(ExitCode.Refused, $"standard input: more than {MaxBytes} bytes in a line");
            }
        }

        return Encoding.UTF8.GetString([.. line]).Trim();
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int tcgetattr(int descriptor, [Out] uint[] settings);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int tcsetattr(int descriptor, int when, [In] uint[] settings);
}
