using System.Buffers;
using System.Globalization;
using System.Text;

namespace Swarm.Rpc.Wire;

/// <summary>Status, message and details as header values.</summary>
public static class StatusHeaders
{
    /// <summary>A status message is cut here, in bytes of UTF-8: trailers stay below the peers' limits.</summary>
    public const int MaxMessageBytes = 2048;

    /// <summary>Longer details are left out, in bytes.</summary>
    public const int MaxDetailsBytes = 16 * 1024;

    private const char Escape = '%';
    private const int EscapeChars = 3;
    private static readonly SearchValues<char> Plain = SearchValues.Create(
        string.Concat(Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (char)c).Where(c => c != Escape)));

    internal static string EncodeMessage(string message)
    {
        if (message.Length <= MaxMessageBytes && !message.AsSpan().ContainsAnyExcept(Plain))
        {
            return message;
        }
        byte[] bytes = Encoding.UTF8.GetBytes(message);
        var text = new StringBuilder(bytes.Length + 16);
        foreach (byte b in bytes.AsSpan(0, CutAt(bytes, MaxMessageBytes)))
        {
            _ = Plain.Contains((char)b)
                ? text.Append((char)b)
                : text.Append(CultureInfo.InvariantCulture, $"%{b:X2}");
        }
        return text.ToString();
    }

    /// <summary>What is no valid escape stays as it is, as the protocol asks.</summary>
    internal static string DecodeMessage(string text)
    {
        if (!text.Contains(Escape))
        {
            return text;
        }
        var bytes = new ArrayBufferWriter<byte>(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            bool escaped = text[i] == Escape && i + EscapeChars <= text.Length
                && byte.TryParse(text.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, null, out _);
            if (escaped)
            {
                bytes.Write([byte.Parse(text.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, null)]);
                i += EscapeChars - 1;
            }
            else
            {
                bytes.Write(Encoding.UTF8.GetBytes(text, i, 1));
            }
        }
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    internal static RpcStatusCode ParseCode(string text) =>
        int.TryParse(text, NumberStyles.None, null, out int code) && Enum.IsDefined((RpcStatusCode)code)
            ? (RpcStatusCode)code
            : RpcStatusCode.Unknown;

    internal static string EncodeBinary(ReadOnlySpan<byte> bytes) => Convert.ToBase64String(bytes).TrimEnd('=');

    /// <summary>Base64 with or without padding; null when it is neither.</summary>
    internal static byte[]? DecodeBinary(string text)
    {
        string padded = (text.Length % 4) switch { 2 => text + "==", 3 => text + "=", _ => text };
        var bytes = new byte[padded.Length];
        return Convert.TryFromBase64String(padded, bytes, out int written) ? bytes[..written] : null;
    }

    private static int CutAt(ReadOnlySpan<byte> utf8, int max)
    {
        int end = Math.Min(utf8.Length, max);
        while (end < utf8.Length && end > 0 && (utf8[end] & 0xC0) == 0x80)
        {
            end--;
        }
        return end;
    }
}
