using Swarm.Raft;

namespace Swarm.ClusterSim.Raft;

/// <summary>How long a script waits: so many milliseconds, or until something holds, whichever comes first.</summary>
internal readonly record struct Pause(int Ms, Func<bool>? Until = null)
{
    public static implicit operator Pause(int ms) => new(ms);
}

/// <summary>A scenario that follows a script: what happens is told in order, chance only varies it.</summary>
internal abstract class Scripted : Scenario
{
    private const int LookEveryMs = 2;

    public sealed override void Begin(World world) => Play(world, Script(world));

    /// <summary>The story; what it returns is waited for.</summary>
    protected abstract IEnumerable<Pause> Script(World world);

    /// <summary>Plays a script until its end or the end of the storm.</summary>
    protected static void Play(World world, IEnumerable<Pause> script)
    {
        var story = script.GetEnumerator();
        void Next()
        {
            if (story.MoveNext())
                Wait(story.Current.Ms, story.Current.Until);
        }

        void Wait(int ms, Func<bool>? until)
        {
            if (until?.Invoke() == true || ms <= 0)
                Next();
            else if (until is null)
                world.Chaos.After(ms, Next);
            else
                world.Chaos.After(LookEveryMs, () => Wait(ms - LookEveryMs, until));
        }

        world.Chaos.After(0, Next);
    }

    /// <summary>Waits for a leader that can act.</summary>
    protected static Pause Leader(World world, int ms = 3_000) => new(ms, () => ReadyLeader(world) is not null);

    protected static SimMember? ReadyLeader(World world) => world.Present.FirstOrDefault(
        m => m.Process is { Core: { LeaderReady: true } core } && core.Term == world.Present.Max(p =>
            p.Process?.Core.Term ?? 0));

    protected static SimMember[] Others(World world, SimMember? member) =>
        [.. world.Dice.Shuffled(world.Present.Where(m => m != member))];

    /// <summary>Asks a member for a membership change, now, and does not wait for the answer.</summary>
    protected static void Ask(World world, SimMember member, ConfChange change)
    {
        world.Trace.Line(world.Timeline.NowUs, $"{member.Id} is asked for {change}");
        var request = new ProposalRequest(default, change);
        member.Submit(request, request.Result, () => world.Trace.Line(
            world.Timeline.NowUs, $"{member.Id} says {request.Result.Result}"));
    }
}
