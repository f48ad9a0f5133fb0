using Swarm.Store;

namespace Swarm.Manager;

/// <summary>
/// The entries that one command makes, each with an id of its own: kind of action and how many of that kind came
/// before. So a command of several steps that comes again goes on where it stopped, whichever steps it skips.
/// </summary>
internal sealed class RequestSteps(AskedCommand command)
{
    private const int OrdinalBits = 8;

    private readonly Dictionary<uint, uint> _ordinals = [];

    /// <summary>The id of the next entry with this kind of action.</summary>
    internal RequestMark Next(StoreAction action)
    {
        var kind = EntryCodec.KindOf(action);
        var ordinal = _ordinals.GetValueOrDefault(kind);
        _ordinals[kind] = ordinal + 1;
        return Mark(kind, ordinal);
    }

    /// <summary>The id of the first entry with this kind of action.</summary>
    internal RequestMark First(uint kind) => Mark(kind, 0);

    /// <summary>An earlier attempt may have acted and be forgotten: acting now could be the second time.</summary>
    internal bool MayBeForgotten(RequestMark step, RecentRequests known, DateTimeOffset now) =>
        command.AskedAgo > TimeSpan.Zero && known.Find(step.Id) is null && !known.Remembers(command.AskedAgo, now);

    private RequestMark Mark(uint kind, uint ordinal) =>
        command.Mark with { Id = command.Mark.Id with { Step = (kind << OrdinalBits) | ordinal } };
}
