using System.Text;

namespace Swarm.Runtime.Images;

/// <summary>File names as the kernel takes them: bytes with a zero at the end.</summary>
internal static class NativeName
{
    private const int MaxShownChars = 200;

    internal static byte[] Of(string name) => Encoding.UTF8.GetBytes(name + "\0");

    /// <summary>The bytes and a zero.</summary>
    internal static byte[] Of(ReadOnlySpan<byte> name)
    {
        var result = new byte[name.Length + 1];
        name.CopyTo(result);
        return result;
    }

    /// <summary>
    /// For messages: printable ASCII, the rest as '?', so that no image writes control characters to a terminal.
    /// </summary>
    internal static string Show(ReadOnlySpan<byte> name)
    {
        var text = new StringBuilder();
        foreach (var b in name)
        {
            if (b == 0 || text.Length >= MaxShownChars)
                break;
            text.Append(b is >= (byte)' ' and <= (byte)'~' ? (char)b : '?');
        }

        return text.ToString();
    }
}
