using System.Runtime.InteropServices;

namespace Swarm.Rpc;

internal static partial class Native
{
    /// <summary>Never fails (geteuid(2)).</summary>
    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint EffectiveUid();

    /// <summary>statx(2); its buffer has the same layout on every architecture.</summary>
    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Statx(int directory, string path, int flags, uint mask, Span<byte> buffer);
}
