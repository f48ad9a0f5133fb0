using Swarm.Manager;
using Swarm.Raft;
using Swarm.Rpc;
using Swarm.Store;

namespace Swarm.ClusterSim.Raft;

/// <summary>
/// Between a client and a member: a network that loses and delays, and what the member's control service does with a
/// request.
/// </summary>
internal sealed class Frontend(World world)
{
    /// <summary>Proposes a command; the answer may never come.</summary>
    public void Change(SimMember member, StoreAction action, RequestMark command, Action<ProposeResult> answer) =>
        Carry(() =>
        {
            if (!member.IsUp)
                return;
            var entry = StoreEntry.Of(member.Clock.GetUtcNow(), action) with { Request = command };
            if (!TryFit(member, ref entry))
                return;
            var request = new ProposalRequest(EntryCodec.Encode(entry), null);
            member.Submit(request, request.Result, () => Carry(() => answer(request.Result.Result)));
        });

    /// <summary>Reads a key from the member's own state once that is confirmed to be new enough; null when the member
    /// could not say.</summary>
    public void Read(SimMember member, string key, Action<Seen?> answer) => Carry(() =>
    {
        if (!member.IsUp)
            return;
        var request = new ReadIndexRequest();
        member.Submit(request, request.Result, () =>
        {
            var seen = request.Result.IsCompletedSuccessfully && member.Process is { } process
                ? StoreOps.Read(process.Store.State, key)
                : null;
            Carry(() => answer(seen));
        });
    });

    /// <summary>The form that all managers read; false when there is none for this entry.</summary>
    private static bool TryFit(SimMember member, ref StoreEntry entry)
    {
        try
        {
            entry = FormatRules.Fit(entry, member.Process!.Store.State);
            return true;
        }
        catch (RpcException)
        {
            return false;
        }
    }

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
