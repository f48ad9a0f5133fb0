using System.Globalization;
using Swarm.Rpc;
using Swarm.Store;

namespace Swarm.Manager;

/// <summary>A command that acts once.</summary>
/// <param name="Mark">Whose it is.</param>
/// <param name="AskedAgo">How long ago it was asked for the first time with an outcome that nobody knows; zero when it
/// certainly has not acted yet.</param>
internal sealed record AskedCommand(RequestMark Mark, TimeSpan AskedAgo)
{
    private const long LongestMs = 24L * 3600 * 1000;

    /// <summary>What the caller says; who says something else than a number has asked long ago.</summary>
    internal static TimeSpan AgoIn(IReadOnlyDictionary<string, string> metadata) =>
        !metadata.TryGetValue(RpcAttempt.OpenSinceHeader, out var text) ? TimeSpan.Zero
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var ms) && ms < LongestMs
            ? TimeSpan.FromMilliseconds(ms)
            : TimeSpan.FromMilliseconds(LongestMs);
}
