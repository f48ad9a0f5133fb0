using System.Numerics;

namespace Swarm.Model;

/// <summary>
/// The form of all ids: 25 characters of base 36, made from 17 random bytes whose top bit is set, so that
/// the length never varies (behaviour.md A). The random bytes are an argument: the core has no dice.
/// </summary>
public static class IdFormat
{
    /// <summary>Random bytes that one id needs.</summary>
    public const int RandomBytes = 17;

    /// <summary>Characters of an id.</summary>
    public const int Chars = 25;

    private const string Digits = "0123456789abcdefghijklmnopqrstuvwxyz";

    /// <summary>Encodes exactly <see cref="RandomBytes"/> bytes as an id.</summary>
    /// <exception cref="ArgumentException">The span has another length.</exception>
    public static string FromRandom(ReadOnlySpan<byte> random)
    {
        if (random.Length != RandomBytes)
        {
            throw new ArgumentException($"an id is made from {RandomBytes} bytes, not {random.Length}", nameof(random));
        }

        Span<byte> bytes = stackalloc byte[RandomBytes];
        random.CopyTo(bytes);
        bytes[0] |= 0x80;
        return Base36(bytes, Chars)[^Chars..];
    }

    /// <summary>Big-endian bytes in base 36, padded with zeros on the left to at least <paramref
    /// name="width"/>.</summary>
    public static string Base36(ReadOnlySpan<byte> bigEndian, int width)
    {
        var value = new BigInteger(bigEndian, isUnsigned: true, isBigEndian: true);
        var reversed = new List<char>(width);
        while (value > 0)
        {
            value = BigInteger.DivRem(value, 36, out var digit);
            reversed.Add(Digits[(int)digit]);
        }

        while (reversed.Count < width)
        {
            reversed.Add('0');
        }

        reversed.Reverse();
        return new string([.. reversed]);
    }

    /// <summary>True when <paramref name="text"/> could be an id or the beginning of one.</summary>
    public static bool CouldBePrefix(string text) =>
        text.Length is > 0 and <= Chars && text.All(c => c is (>= '0' and <= '9') or (>= 'a' and <= 'z'));
}
