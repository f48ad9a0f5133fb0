using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Raft;
using Swarm.Store;

namespace Swarm.Manager.Core;

/// <summary>One thing that the leader does so that roles become what they are to be.</summary>
internal abstract record RoleStep
{
    private RoleStep()
    {
    }

    /// <summary>The node's certificate is of this role from now on, and what it may do.</summary>
    internal sealed record SetRole(NodeId Node, NodeRole Role) : RoleStep;

    /// <summary>A member of Raft goes for ever.</summary>
    internal sealed record Remove(RaftId Id, NodeId Node) : RoleStep;

    /// <summary>The leader is to go itself: another one leads first.</summary>
    internal sealed record HandOver(RaftId To) : RoleStep;
}

/// <summary>
/// From what nodes are to be and what Raft has, the next step. Each step is decided anew on what is there, so it does
/// not matter where another leader stopped. First in Raft, then in the state: who has no role of a manager is no member
/// any more, and a node becomes a member only after it has the role.
/// </summary>
internal static class RolePlan
{
    /// <summary>Null when there is nothing to do, or when what is to be done has to wait for a quorum.</summary>
    internal static RoleStep? Next(ClusterState state, IReadOnlyList<RaftPeer> members, RaftId self)
    {
        if (state.Cluster is null)
        {
            return null;
        }

        return Demoted(state, members)
            ?? Removal(state, members, self)
            ?? Promoted(state, members);
    }

    /// <summary>Out of Raft already: the role follows.</summary>
    private static RoleStep? Demoted(ClusterState state, IReadOnlyList<RaftPeer> members) => state.Nodes.Values
        .Where(n => n is { Role: NodeRole.Manager, DesiredRole: NodeRole.Worker } && !IsMember(members, n.Id))
        .OrderBy(n => n.Id)
        .Select(n => new RoleStep.SetRole(n.Id, NodeRole.Worker))
        .FirstOrDefault();

    private static RoleStep? Promoted(ClusterState state, IReadOnlyList<RaftPeer> members) => state.Nodes.Values
        .Where(n => n is { Role: NodeRole.Worker, DesiredRole: NodeRole.Manager } && !IsMember(members, n.Id))
        .OrderBy(n => n.Id)
        .Select(n => new RoleStep.SetRole(n.Id, NodeRole.Manager))
        .FirstOrDefault();

    /// <summary>Learners and the lost first: they only make the quorum larger. The leader last.</summary>
    private static RoleStep? Removal(ClusterState state, IReadOnlyList<RaftPeer> members, RaftId self)
    {
        var going = members.Where(m => !Belongs(state, m, self))
            .OrderBy(m => m.Id == self).ThenBy(m => m.Voter).ThenBy(m => m.Reachable).ThenBy(m => m.Id);
        foreach (var member in going)
        {
            if (member.Id == self)
            {
                return Successor(state, members, self) is { } to ? new RoleStep.HandOver(to) : null;
            }

            if (!member.Voter || KeepsQuorum(members, member.Id))
            {
                return new RoleStep.Remove(member.Id, member.Node);
            }
        }

        return null;
    }

    /// <summary>The first manager of a new swarm leads before the state knows it.</summary>
    private static bool Belongs(ClusterState state, RaftPeer member, RaftId self) => state.Nodes.Get(member.Node) switch
    {
        { } node => node is { Role: NodeRole.Manager, DesiredRole: NodeRole.Manager },
        null => member.Id == self,
    };

    private static RaftId? Successor(ClusterState state, IReadOnlyList<RaftPeer> members, RaftId self) => members
        .Where(m => m.Id != self && m is { Voter: true, KeepsUp: true } && Belongs(state, m, self))
        .OrderByDescending(m => m.Match).ThenBy(m => m.Id)
        .Select(m => (RaftId?)m.Id)
        .FirstOrDefault();

    private static bool KeepsQuorum(IReadOnlyList<RaftPeer> members, RaftId leaving)
    {
        var rest = members.Where(m => m.Voter && m.Id != leaving).ToList();
        return rest.Count > 0 && rest.Count(m => m.Reachable) >= (rest.Count / 2) + 1;
    }

    private static bool IsMember(IReadOnlyList<RaftPeer> members, NodeId node) => members.Any(m => m.Node == node);
}
