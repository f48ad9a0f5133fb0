using System.Runtime.InteropServices;

namespace Swarm.RoutingMesh.Rules;

/// <summary>
/// nftables through its library: one context for the life of the daemon, 0.1 ms for a small update where
/// starting the command costs 4–24 ms. Belongs to the thread that created it (its namespace).
/// </summary>
internal sealed unsafe partial class LibNftables : INftRunner
{
    private const string Library = "libnftables.so.1";
    private const int SysCloseRange = 436;
    private const uint FirstAfterStdio = 3;
    private const uint CloseOnExec = 4;
    private nint _context;

    private LibNftables(nint context) => _context = context;

    /// <summary>Null when the library is not installed.</summary>
    public static LibNftables? TryOpen()
    {
        if (!NativeLibrary.TryLoad(Library, out _))
            return null;
        var context = NewContext(0);
        if (context == 0)
            throw new MeshException($"{Library} gave no context");
        // The library leaves its socket open to every program that is started.
        if (CloseRange(SysCloseRange, FirstAfterStdio, uint.MaxValue, CloseOnExec) != 0)
            throw new MeshException("close_range failed; Linux 5.11 or newer is needed");
        if (BufferError(context) != 0 || BufferOutput(context) != 0)
            throw new MeshException($"{Library} cannot keep its messages");
        return new LibNftables(context);
    }

    public void Run(string script)
    {
        ObjectDisposedException.ThrowIf(_context == 0, this);
        var result = RunBuffer(_context, script);
        var message = Marshal.PtrToStringUTF8(ErrorBuffer(_context)) ?? "";
        _ = OutputBuffer(_context);
        if (result != 0)
            throw new MeshException($"nftables refused the rules: {message.Trim()}");
    }

    public void Dispose()
    {
        if (_context != 0)
            FreeContext(_context);
        _context = 0;
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long CloseRange(long number, long first, long last, long flags);

    [LibraryImport(Library, EntryPoint = "nft_ctx_new")]
    private static partial nint NewContext(uint flags);

    [LibraryImport(Library, EntryPoint = "nft_ctx_free")]
    private static partial void FreeContext(nint context);

    [LibraryImport(Library, EntryPoint = "nft_ctx_buffer_error")]
    private static partial int BufferError(nint context);

    [LibraryImport(Library, EntryPoint = "nft_ctx_buffer_output")]
    private static partial int BufferOutput(nint context);

    [LibraryImport(Library, EntryPoint = "nft_ctx_get_error_buffer")]
    private static partial nint ErrorBuffer(nint context);

    [LibraryImport(Library, EntryPoint = "nft_ctx_get_output_buffer")]
    private static partial nint OutputBuffer(nint context);

    [LibraryImport(Library, EntryPoint = "nft_run_cmd_from_buffer", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RunBuffer(nint context, string script);
}
