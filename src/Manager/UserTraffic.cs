namespace Swarm.Manager;

/// <summary>Whether users change something at the moment: then a large plan leaves them room. Any thread.</summary>
internal sealed class UserTraffic(TimeProvider clock)
{
    /// <summary>Who comes as rarely as that finds the managers at rest after a large plan's piece anyway.</summary>
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
