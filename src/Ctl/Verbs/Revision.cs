using System.Globalization;

namespace Swarm.Ctl.Verbs;

/// <summary>A point in the history of a swarm: N, or EPOCH.N once the swarm began anew. The same number stands for
/// something else in another epoch.</summary>
internal readonly record struct Revision(ulong Epoch, ulong Number)
{
    internal static bool TryParse(string text, out Revision result)
    {
        result = default;
        var parts = text.Split('.');
        if (parts.Length > 2 || !TryNumber(parts[^1], out var number))
        {
            return false;
        }

        var epoch = 0UL;
        if (parts.Length == 2 && !TryNumber(parts[0], out epoch))
        {
            return false;
        }

        result = new Revision(epoch, number);
        return true;
    }

    private static bool TryNumber(string text, out ulong number) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
