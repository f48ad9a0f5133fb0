using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace Swarm.Rpc.Server;

/// <summary>
/// The file of a unix socket. The server makes it 0755 at first; what keeps others out in that moment is the
/// directory, which therefore must be private.
/// </summary>
internal static class UnixSocketFile
{
    /// <summary>Of sockaddr_un, without the closing zero, in bytes (unix(7)).</summary>
    public const int MaxPathBytes = 107;

    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const int AtFdCwd = -100;
    private const int AtSymlinkNoFollow = 0x100;
    private const uint StatxBasic = 0x7ff;
    private const int StatxBytes = 256;
    private const int UidOffset = 20;
    private const int ModeOffset = 28;
    private const int TypeMask = 0xF000;
    private const int DirectoryType = 0x4000;
    private const int OthersMask = 0x3F;

    /// <summary>Makes or checks the directory, and removes a socket that nobody listens on any more.</summary>
    /// <exception cref="RpcConfigurationException">The path cannot be used; the message says why.</exception>
    public static void Prepare(string path)
    {
        if (!Path.IsPathFullyQualified(path) || Encoding.UTF8.GetByteCount(path) > MaxPathBytes)
            throw Fault($"socket path \"{path}\" must be absolute and at most {MaxPathBytes} bytes long");
        string directory = Path.GetDirectoryName(path) ?? throw Fault($"socket path \"{path}\" names no file");
        try
        {
            Directory.CreateDirectory(directory, Private);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Fault($"directory {directory} of the socket cannot be made: {e.Message}");
        }
        RequirePrivate(directory);
        if (File.Exists(path))
            RemoveStale(path);
    }

    public static void Protect(string path) =>
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);

    private static void RequirePrivate(string directory)
    {
        Span<byte> stat = stackalloc byte[StatxBytes];
        if (Native.Statx(AtFdCwd, directory, AtSymlinkNoFollow, StatxBasic, stat) != 0)
        {
            int errno = Marshal.GetLastPInvokeError();
            throw Fault($"directory {directory} cannot be examined: {Marshal.GetPInvokeErrorMessage(errno)}");
        }
        uint owner = MemoryMarshal.Read<uint>(stat[UidOffset..]);
        int mode = MemoryMarshal.Read<ushort>(stat[ModeOffset..]);
        if ((mode & TypeMask) != DirectoryType)
            throw Fault($"{directory} is not a directory (a symbolic link is not followed)");
        if (owner != Native.EffectiveUid() || (mode & OthersMask) != 0)
        {
            throw Fault($"directory {directory} of the socket must be private: it belongs to user id {owner}, mode "
                + $"{Convert.ToString(mode & 0xFFF, 8)}; "
                + $"run: chown {Native.EffectiveUid()} {directory} && chmod 700 {directory}");
        }
    }

    private static void RemoveStale(string path)
    {
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
        {
            File.Delete(path);
            return;
        }
        catch (SocketException e)
        {
            throw Fault($"{path} is in the way and is no socket of ours: {e.Message}");
        }
        throw Fault($"another process listens on {path}");
    }

    private static RpcConfigurationException Fault(string what) => new([what]);
}
