using System.Collections.Immutable;

namespace Swarm.Store;

/// <summary>
/// What became of the last commands, so that one that arrives again gets its first answer and does nothing
/// (raft-pitfalls R18). Bounded by number and age; a client gives up long before its command is forgotten.
/// </summary>
public sealed class RecentRequests
{
    /// <summary>Commands that are remembered.</summary>
    public const int MaxCount = 10_000;

    /// <summary>How long a command is remembered at most, by the times of entries; but see <see
    /// cref="MinCount"/>.</summary>
    public const int MaxAgeSeconds = 3600;

    /// <summary>Commands that are remembered whatever their age: times come from leaders' wall clocks, and one that
    /// jumps ahead must not make the cluster forget what a client is still asking for.</summary>
    public const int MinCount = 1_000;

    /// <summary>Times of entries come from one leader's clock after another's; so much may they differ.</summary>
    private static readonly TimeSpan ClockSlack = TimeSpan.FromSeconds(2);

    private readonly PersistentDictionary<RequestId, RecentRequest> _byId;
    private readonly ImmutableSortedDictionary<ulong, RequestId> _byIndex;

    private RecentRequests(
        PersistentDictionary<RequestId, RecentRequest> byId, ImmutableSortedDictionary<ulong, RequestId> byIndex) =>
        (_byId, _byIndex) = (byId, byIndex);

    /// <summary>No commands.</summary>
    public static RecentRequests None { get; } = new(
        PersistentDictionary<RequestId, RecentRequest>.Empty, ImmutableSortedDictionary<ulong, RequestId>.Empty);

    /// <summary>How many.</summary>
    public int Count => _byId.Count;

    internal PersistentDictionary<RequestId, RecentRequest> ById => _byId;

    /// <summary>Oldest first.</summary>
    internal IEnumerable<RecentRequest> InOrder => _byIndex.Values.Select(id => _byId[id]);

    /// <summary>What became of it; null when it never came, or too long ago.</summary>
    public RecentRequest? Find(RequestId id) => _byId.Get(id);

    /// <summary>
    /// Whether a command that acted within this time is certainly still known. Under thousands of commands a second the
    /// last ones are only of the last second.
    /// </summary>
    public bool Remembers(TimeSpan ago, DateTimeOffset now) => Count < MaxCount
        ? ago.TotalSeconds < MaxAgeSeconds
        : now - _byId[Oldest().Value].At > ago + ClockSlack;

    internal RecentRequests With(RecentRequest request)
    {
        var byId = _byId.ToBuilder();
        byId.Set(request.Mark.Id, request);
        var added = new RecentRequests(byId.ToMap(), _byIndex.Add(request.Index, request.Mark.Id));
        return added.Count > MaxCount ? added.WithoutOldest() : added;
    }

    /// <summary>Without those that are too old at the time of an entry, beyond the newest <see
    /// cref="MinCount"/>.</summary>
    internal RecentRequests Trimmed(DateTimeOffset at)
    {
        var left = this;
        while (left.Count > MinCount && left._byId[left.Oldest().Value].At.AddSeconds(MaxAgeSeconds) < at)
        {
            left = left.WithoutOldest();
        }

        return left;
    }

    private KeyValuePair<ulong, RequestId> Oldest() => _byIndex.First();

    private RecentRequests WithoutOldest()
    {
        var oldest = Oldest();
        var byId = _byId.ToBuilder();
        byId.Remove(oldest.Value);
        return new RecentRequests(byId.ToMap(), _byIndex.Remove(oldest.Key));
    }
}
