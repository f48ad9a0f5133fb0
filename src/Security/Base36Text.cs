using System.Numerics;
using Swarm.Model;

namespace Swarm.Security;

/// <summary>The way back from <see cref="IdFormat.Base36"/>, strict.</summary>
internal static class Base36Text
{
    private const int Radix = 36;

    /// <summary>False for other characters than 0-9a-z and for numbers of more than that many bytes.</summary>
    public static bool TryDecode(ReadOnlySpan<char> text, Span<byte> bigEndian)
    {
        var value = BigInteger.Zero;
        foreach (var c in text)
        {
            var digit = c switch
            {
                >= '0' and <= '9' => c - '0',
                >= 'a' and <= 'z' => c - 'a' + 10,
                _ => -1,
            };
            if (digit < 0)
            {
                return false;
            }

            value = (value * Radix) + digit;
        }

        var needed = value.IsZero ? 0 : value.GetByteCount(isUnsigned: true);
        if (needed > bigEndian.Length)
        {
            return false;
        }

        bigEndian.Clear();
        return value.IsZero || value.TryWriteBytes(bigEndian[^needed..], out _, isUnsigned: true, isBigEndian: true);
    }
}
