using System.Runtime.InteropServices;
using System.Text;

namespace Swarm.Runtime.Tests.Images;

/// <summary>All extended attributes of a name, as the kernel tells them.</summary>
internal static partial class TestAttributes
{
    private const int MaxBytes = 64 * 1024;

    internal static string Of(string path)
    {
        var names = new byte[MaxBytes];
        var length = (int)llistxattr(path, names, names.Length);
        var text = new StringBuilder();
        var all = length <= 0 ? [] : Encoding.UTF8.GetString(names, 0, length).TrimEnd('\0').Split('\0');
        foreach (var name in all.Order(StringComparer.Ordinal))
        {
            var value = new byte[MaxBytes];
            var bytes = (int)lgetxattr(path, name, value, value.Length);
            text.Append(' ').Append(name).Append('=').Append(Convert.ToHexString(value, 0, Math.Max(0, bytes)));
        }

        return text.ToString();
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint llistxattr(string path, byte[] names, nint size);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint lgetxattr(string path, string name, byte[] value, nint size);
}
