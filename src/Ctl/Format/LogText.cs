using System.Net;

namespace Swarm.Ctl.Format;

/// <summary>Parts of a line of a log.</summary>
internal static class LogText
{
    /// <summary>"name=value,name=value " by name, what is special in a URL escaped, as docker; "" for none.</summary>
    internal static string Details(IEnumerable<KeyValuePair<string, string>> details)
    {
        var pairs = details.OrderBy(d => d.Key, StringComparer.Ordinal)
            .Select(d => $"{WebUtility.UrlEncode(d.Key)}={WebUtility.UrlEncode(d.Value)}").ToList();
        return pairs.Count == 0 ? "" : string.Join(',', pairs) + " ";
    }
}
