using System.Buffers.Text;
using System.Text;

namespace Swarm.Runtime.Images;

/// <summary>
/// The records of one PAX extended header (POSIX.1-2001 pax): <c>length key=value\n</c>, the last of a key wins.
/// </summary>
internal sealed class PaxRecords
{
    internal const string AttributePrefix = "SCHILY.xattr.";
    private const int NanosecondDigits = 9;

    // Times beyond these make no sense and overflow file systems.
    private const long MaxSeconds = 1L << 34;

    private readonly Dictionary<string, byte[]> _values = [];

    internal byte[]? Bytes(string key) => _values.GetValueOrDefault(key);

    internal IEnumerable<KeyValuePair<string, byte[]>> Attributes => _values
        .Where(v => v.Key.StartsWith(AttributePrefix, StringComparison.Ordinal))
        .Select(v => KeyValuePair.Create(v.Key[AttributePrefix.Length..], v.Value));

    /// <exception cref="ImageException">A record does not have the form, or the archive wants sparse files.</exception>
    internal static PaxRecords Parse(ReadOnlySpan<byte> text)
    {
        var records = new PaxRecords();
        while (!text.IsEmpty && text[0] != 0)
        {
            if (!Utf8Parser.TryParse(text, out int length, out var digits) || length <= digits || length > text.Length
                || text[digits] != ' ' || text[length - 1] != '\n')
                throw ImageException.Invalid("layer has a damaged PAX header: a record's length is wrong");
            var record = text[(digits + 1)..(length - 1)];
            var equals = record.IndexOf((byte)'=');
            if (equals <= 0)
                throw ImageException.Invalid("layer has a damaged PAX header: a record has no key");
            var key = Encoding.UTF8.GetString(record[..equals]);
            if (key.StartsWith("GNU.sparse.", StringComparison.Ordinal))
                throw ImageException.Invalid(
                    "layer has a sparse file, which is not supported; build it without --sparse");
            records._values[key] = record[(equals + 1)..].ToArray();
            text = text[length..];
        }

        return records;
    }

    /// <summary>A whole number that is not negative; null when the key is absent.</summary>
    internal long? Number(string key) =>
        Bytes(key) is not { Length: > 0 } value ? null
        : Utf8Parser.TryParse(value, out long number, out var used) && used == value.Length && number >= 0 ? number
        : throw ImageException.Invalid($"layer has a PAX header whose {key} is not a number");

    /// <summary>Seconds with an optional fraction.</summary>
    internal (long Seconds, int Nanoseconds)? Time(string key)
    {
        if (Bytes(key) is not { Length: > 0 } value)
            return null;
        if (!Utf8Parser.TryParse(value, out long seconds, out var used) || Math.Abs(seconds) > MaxSeconds)
            throw ImageException.Invalid($"layer has a PAX header whose {key} is not a time");
        var nanoseconds = 0;
        if (used < value.Length && value[used] == '.')
        {
            for (var i = 1; i <= NanosecondDigits; i++)
            {
                var at = used + i;
                var digit = at < value.Length && value[at] is >= (byte)'0' and <= (byte)'9' ? value[at] - '0' : 0;
                nanoseconds = (nanoseconds * 10) + digit;
            }
        }

        return value[0] == '-' && nanoseconds > 0 ? (seconds - 1, 1_000_000_000 - nanoseconds) : (seconds, nanoseconds);
    }
}
