namespace Swarm.ClusterSim.Orchestration;

/// <summary>When managers heard of a node: any message of it that arrived.</summary>
internal sealed class Hearing(Timeline time)
{
    /// <summary>How long a node that is back may still be written down for the silence before.</summary>
    private const long RecentUs = 6 * Timeline.UsPerSecond;

    private long _lastUs;
    private long _gapUs;
    private long _backUs;

    /// <summary>Since its last message; a hello that is not answered yet is one.</summary>
    public long SilentForUs => time.NowUs - _lastUs;

    /// <summary>The longest silence that reaches into the last seconds.</summary>
    public long LongestRecentSilenceUs =>
        Math.Max(time.NowUs - _lastUs, time.NowUs - _backUs < RecentUs ? _gapUs : 0);

    /// <summary>A message arrived.</summary>
    public void Now()
    {
        var gap = time.NowUs - _lastUs;
        _lastUs = time.NowUs;
        if (gap >= 2 * Timeline.UsPerSecond)
            (_gapUs, _backUs) = (gap, time.NowUs);
    }
}
