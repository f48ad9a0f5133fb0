using System.Runtime.InteropServices;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Cli;

/// <summary>
/// The terminal of whoever runs swarmctl, handed to a program elsewhere: no echo, no line editing, no signals of keys.
/// As it was again on every way out.
/// </summary>
internal sealed partial class Terminal : IDisposable
{
    private const int Input = 0;
    private const int Output = 1;
    private const int AfterOutput = 1;
    private const nuint GetWindowSize = 0x5413;

    // struct termios of Linux has 60 bytes.
    private const int TermiosBytes = 128;
    private readonly byte[] _before;

    /// <summary>Cursor and keypad keys as usual: the console of .NET asks for others and never takes it back.</summary>
    private static ReadOnlySpan<byte> PlainKeys => "\u001b[?1l\u001b>"u8;

    private int _restored;

    private Terminal(byte[] before)
    {
        _before = before;
        AppDomain.CurrentDomain.ProcessExit += OnExit;
    }

    internal static bool IsInput => isatty(Input) == 1;

    internal static bool IsOutput => isatty(Output) == 1;

    /// <summary>Null when standard input is none.</summary>
    /// <param name="output">Gets the word that keys mean what they mean without .NET, which changes that.</param>
    internal static Terminal? TryMakeRaw(Stream output)
    {
        if (IsOutput && Environment.GetEnvironmentVariable("TERM") is { Length: > 0 } and not "dumb")
        {
            output.Write(PlainKeys);
            output.Flush();
        }

        var before = new byte[TermiosBytes];
        if (tcgetattr(Input, before) != 0)
        {
            return null;
        }

        var raw = (byte[])before.Clone();
        cfmakeraw(raw);
        return tcsetattr(Input, AfterOutput, raw) == 0 ? new Terminal(before) : null;
    }

    /// <summary>Null when there is no terminal, or it does not know.</summary>
    internal static WindowSize? Size()
    {
        var words = new ushort[4];
        return (ioctl(Output, GetWindowSize, words) == 0 || ioctl(Input, GetWindowSize, words) == 0)
            && words[0] > 0 && words[1] > 0
            ? new WindowSize { Rows = words[0], Columns = words[1] }
            : null;
    }

    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnExit;
        if (Interlocked.Exchange(ref _restored, 1) == 0)
        {
            _ = tcsetattr(Input, AfterOutput, _before);
        }
    }

    private void OnExit(object? sender, EventArgs e) => Dispose();

    [LibraryImport("libc", SetLastError = true)]
    private static partial int isatty(int descriptor);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(int descriptor, nuint request, [Out] ushort[] size);

    [LibraryImport("libc")]
    private static partial void cfmakeraw([In, Out] byte[] settings);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int tcgetattr(int descriptor, [Out] byte[] settings);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int tcsetattr(int descriptor, int when, [In] byte[] settings);
}
