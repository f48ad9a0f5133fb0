using Swarm.Manager;
using Swarm.Raft;
using Swarm.Rpc;
using Swarm.Store;

namespace Swarm.ClusterSim.Raft;

/// <summary>
/// Between a client and a member: a network that loses and delays, and what the member's control service does with a
/// request, with the product's own words for what went wrong.
/// </summary>
internal sealed class Frontend(World world)
{
    /// <summary>The id that the entry of a command gets.</summary>
    public static RequestMark MarkOf(RequestMark asked, StoreAction action) =>
        new RequestSteps(new AskedCommand(asked, TimeSpan.Zero)).Next(action);

    /// <summary>Proposes a command; the answer may never come.</summary>
    public void Change(
        SimMember member, StoreAction action, AskedCommand command, Action<Told> answer) =>
        Reach(member, gone => answer(new Told(null, gone)), () =>
        {
            var steps = new RequestSteps(command);
            var entry = StoreEntry.Of(member.Clock.GetUtcNow(), action) with { Request = steps.Next(action) };
            if (Refused(member, steps, ref entry) is { } refusal)
            {
                if (!member.IsPaused)
                    Carry(() => answer(new Told(null, refusal)));
                return;
            }
            var request = new ProposalRequest(EntryCodec.Encode(entry), null);
            member.Submit(request, request.Result, () => Carry(() => answer(Answer(request.Result.Result))));
        });

    /// <summary>Reads a key from the member's own state once that is confirmed to be new enough.</summary>
    public void Read(SimMember member, string key, Action<Seen?, RpcException?> answer) =>
        Reach(member, gone => answer(null, gone), () =>
        {
            var request = new ReadIndexRequest();
            member.Submit(request, request.Result, () =>
            {
                var seen = request.Result.IsCompletedSuccessfully && member.Process is { } process
                    ? StoreOps.Read(process.Store.State, key)
                    : null;
                var failure = request.Result.Exception?.InnerException is { } e ? RaftErrors.OfRead(e) : null;
                Carry(() => answer(seen, failure ?? Errors.NoLeader()));
            });
        });

    private static Told Answer(ProposeResult result) => result.Outcome == ProposeOutcome.Done
        ? new Told(result, null)
        : new Told(null, RaftErrors.OfProposal(result, handsOver: false), result.Leader?.Id);

    /// <summary>What a leader says before anything is proposed; another member has nothing to say but that it is
    /// none.</summary>
    private static RpcException? Refused(SimMember member, RequestSteps steps, ref StoreEntry entry)
    {
        var state = member.Process!.Store.State;
        try
        {
            if (steps.MayBeForgotten(entry.Request!, state.Requests, member.Clock.GetUtcNow()))
                return Errors.UnknownOutcome();
            entry = FormatRules.Fit(entry, state);
            return null;
        }
        catch (RpcException e)
        {
            return member.Process.Core.Role == RaftRole.Leader ? e : Errors.LostLeadership();
        }
    }

    /// <summary>Where no process listens, the connection is refused at once, or the machine is off and nothing
    /// comes.</summary>
    private void Reach(SimMember member, Action<RpcException> gone, Action ask) => Carry(() =>
    {
        if (member.IsUp)
            ask();
        else if (world.Dice.OneIn(2))
            Carry(() => gone(RpcException.NotSent($"{member.Id} does not run")));
    });

    private void Carry(Action deliver)
    {
        if (world.Dice.PerThousand(world.Plan.ClientLossPerThousand))
        {
            world.Coverage.Count("client message lost");
            return;
        }
        world.Timeline.After(100 + world.Dice.Below(2_000), deliver);
    }
}
