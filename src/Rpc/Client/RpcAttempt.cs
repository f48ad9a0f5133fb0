using System.Globalization;

namespace Swarm.Rpc;

/// <summary>One of several attempts at a call.</summary>
/// <param name="Left">The time that is left for it.</param>
/// <param name="OpenSince">How long ago the first attempt was made, when one of them may have acted; else zero.</param>
public readonly record struct RpcAttempt(TimeSpan Left, TimeSpan OpenSince)
{
    /// <summary>Name of the header that tells <see cref="OpenSince"/>: only who asks again knows it.</summary>
    public const string OpenSinceHeader = "swarm-asked-ms-ago";

    /// <summary>What the header says: milliseconds, rounded up.</summary>
    public static string Text(TimeSpan openSince) =>
        Math.Ceiling(openSince.TotalMilliseconds).ToString("0", CultureInfo.InvariantCulture);
}
