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

    private const int LimbBytes = sizeof(uint);
    private const int DigitsAStep = 6;
    private const uint SixDigits = 36u * 36 * 36 * 36 * 36 * 36;
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
        Span<uint> limbs = stackalloc uint[(bigEndian.Length + LimbBytes - 1) / LimbBytes];
        for (var i = 0; i < bigEndian.Length; i++)
        {
            limbs[^(((bigEndian.Length - 1 - i) / LimbBytes) + 1)] |=
                (uint)bigEndian[i] << ((bigEndian.Length - 1 - i) % LimbBytes * 8);
        }

        // A limb holds more than six digits, and less than seven.
        Span<char> digits = stackalloc char[Math.Max(width, limbs.Length * 7) + DigitsAStep];
        digits.Fill('0');
        var at = digits.Length;
        while (limbs.ContainsAnyExcept(0u))
        {
            var rest = DivideInPlace(limbs);
            for (var digit = 0; digit < DigitsAStep; digit++, rest /= 36)
            {
                digits[--at] = Digits[(int)(rest % 36)];
            }
        }

        var first = digits.IndexOfAnyExcept('0');
        return new string(digits[Math.Min(first < 0 ? digits.Length : first, digits.Length - width)..]);
    }

    /// <summary>Six digits less; they are the remainder.</summary>
    private static uint DivideInPlace(Span<uint> limbs)
    {
        ulong rest = 0;
        foreach (ref var limb in limbs)
        {
            var part = (rest << 32) | limb;
            limb = (uint)(part / SixDigits);
            rest = part % SixDigits;
        }

        return (uint)rest;
    }

    /// <summary>True when <paramref name="text"/> could be an id or the beginning of one.</summary>
    public static bool CouldBePrefix(string text) =>
        text.Length is > 0 and <= Chars && text.All(c => c is (>= '0' and <= '9') or (>= 'a' and <= 'z'));
}
