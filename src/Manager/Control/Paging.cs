using System.Buffers.Text;
using System.Text;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;

namespace Swarm.Manager.Control;

/// <summary>
/// Cuts lists into pages. A page begins after a place in a fixed order and not after a number of objects, so what
/// comes and goes between two pages makes nobody miss or see twice what stays.
/// </summary>
internal static class Paging
{
    /// <summary>Objects in a page.</summary>
    internal const int MaxPageObjects = 500;

    /// <summary>A page ends with the object that passes this size, in bytes; a message is 4 MiB at most.</summary>
    private const int MaxPageBytes = 1 << 20;

    private const char Separator = '\0';
    private const int MaxTokenChars = 2048;

    /// <summary>How many objects the caller gets at most.</summary>
    internal static int SizeOf(Page? page) =>
        page is null or { Size: 0 or > MaxPageObjects } ? MaxPageObjects : (int)page.Size;

    /// <summary>The place after which the page begins; empty = at the beginning.</summary>
    internal static IReadOnlyList<string> After(Page? page, int parts)
    {
        if (page is null or { Token.Length: 0 })
        {
            return [];
        }

        try
        {
            var bytes = page.Token.Length <= MaxTokenChars ? Base64Url.DecodeFromChars(page.Token) : [];
            var place = Encoding.UTF8.GetString(bytes).Split(Separator);
            if (place.Length == parts)
            {
                return place;
            }
        }
        catch (FormatException)
        {
            // Told below, like a token of another list.
        }

        throw Errors.Invalid(
            [new SpecFault("page.token", page.Token, "is no token of this list", "send next_page_token as it came")]);
    }

    /// <summary>
    /// Fills a page from what comes after its beginning, in order; the token of the next one, empty when there is none.
    /// </summary>
    internal static string Fill<TRecord, TView>(
        Page? page, IEnumerable<TRecord> sorted, Func<TRecord, IReadOnlyList<string>> placeOf,
        Func<TRecord, TView> show, RepeatedField<TView> into)
        where TView : IMessage
    {
        var size = SizeOf(page);
        var bytes = 0;
        IReadOnlyList<string> last = [];
        foreach (var record in sorted)
        {
            if (into.Count == size || bytes >= MaxPageBytes)
            {
                return Base64Url.EncodeToString(Encoding.UTF8.GetBytes(string.Join(Separator, last)));
            }

            var view = show(record);
            into.Add(view);
            bytes += view.CalculateSize();
            last = placeOf(record);
        }

        return "";
    }

    /// <summary>The order of two places of the same list.</summary>
    internal static int Compare(IReadOnlyList<string> a, IReadOnlyList<string> b)
    {
        for (var i = 0; i < Math.Min(a.Count, b.Count); i++)
        {
            if (string.CompareOrdinal(a[i], b[i]) is not 0 and var order)
            {
                return order;
            }
        }

        return a.Count - b.Count;
    }
}
