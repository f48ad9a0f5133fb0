namespace Swarm.Manager;

/// <summary>Whether users change something at the moment: then a large plan leaves them room. Any thread.</summary>
internal sealed class UserTraffic(TimeProvider clock)
{
    /// <summary>Longer than the pauses between the commands of a pipeline.</summary>
    internal static readonly TimeSpan Recently = TimeSpan.FromMilliseconds(500);

    private long _last;
    private bool _any;

    /// <summary>A user's command came.</summary>
    internal void Seen()
    {
        Volatile.Write(ref _last, clock.GetTimestamp());
        Volatile.Write(ref _any, true);
    }

    internal bool IsRecent => Volatile.Read(ref _any) && clock.GetElapsedTime(Volatile.Read(ref _last)) < Recently;
}
