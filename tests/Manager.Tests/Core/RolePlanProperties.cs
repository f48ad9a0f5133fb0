using FsCheck;
using FsCheck.Fluent;
using Swarm.Manager.Core;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Raft;
using Swarm.Store;

namespace Swarm.Manager.Tests.Core;

/// <summary>
/// Promote and demote at random while managers fail and come back: whatever is asked for in whatever order, a swarm
/// that had a quorum keeps it, and when all are heard again everybody is what it is to be.
/// </summary>
public sealed class RolePlanProperties
{
    private const int Nodes = 5;

    [Fact]
    public void Every_order_of_changes_keeps_the_quorum_and_ends_where_it_is_to_end() => Prop.ForAll(
        Gen.Choose(0, 1_000_000).ListOf(40).ToArbitrary(), moves =>
        {
            var model = new Model();
            foreach (var move in moves)
            {
                model.Move(move);
            }

            model.Settle();
            Assert.All(model.State.Nodes.Values, n => Assert.Equal(n.DesiredRole, n.Role));
            Assert.Equal(
                model.State.Nodes.Values.Where(n => n.Role == NodeRole.Manager).Select(n => n.Id).Order(),
                model.Members.Select(m => m.Node).Order());
        }).QuickCheckThrowOnFailure();

    private sealed class Model
    {
        private ulong _index = 1;
        private ulong _ids = 100;
        private RaftId _leader = Cast.Member("a");

        internal ClusterState State { get; private set; } = Cast.State("a:M b:M c:M d:W e:W");

        internal List<RaftPeer> Members { get; private set; } = [.. Cast.Members("a b c")];

        internal void Move(int move)
        {
            var node = new NodeId($"{(char)('a' + (move / 10 % Nodes))}");
            switch (move % 10)
            {
                case < 2:
                    Wish(node, NodeSpec.Types.Role.Manager);
                    break;
                case < 4 when QuorumOutlook.Without(State, Members, node).Holds:
                    Wish(node, NodeSpec.Types.Role.Worker);
                    break;
                case 4:
                    Reach(node, false);
                    break;
                case 5:
                    Reach(node, true);
                    break;
                default:
                    Step();
                    break;
            }
        }

        internal void Settle()
        {
            Members = [.. Members.Select(m => m with { Reachable = true, KeepsUp = true })];
            for (var steps = 0; Step(); steps++)
            {
                Assert.True(steps < 200, "it does not end");
            }
        }

        /// <summary>What the leader does, or a node that was promoted and asks to be taken in.</summary>
        private bool Step()
        {
            switch (RolePlan.Next(State, Members, _leader))
            {
                case RoleStep.SetRole(var node, var role):
                    Assert.True(role == NodeRole.Manager || Members.All(m => m.Node != node), "a member lost its role");
                    Apply(new StoreAction.SetNodeRole(node, role));
                    return true;
                case RoleStep.Remove(var id, _):
                    Assert.NotEqual(_leader, id);
                    Members.RemoveAll(m => m.Id == id);
                    Assert.True(HasQuorum(), "the quorum was given away");
                    return true;
                case RoleStep.HandOver(var to):
                    Assert.True(Members.Single(m => m.Id == to) is { Voter: true, Reachable: true });
                    _leader = to;
                    return true;
                default:
                    return Join();
            }
        }

        private bool Join()
        {
            var learner = Members.FindIndex(m => !m.Voter && m.Reachable);
            if (learner >= 0)
            {
                Members[learner] = Members[learner] with { Voter = true, KeepsUp = true };
                return true;
            }

            var promoted = State.Nodes.Values.FirstOrDefault(n =>
                n is { Role: NodeRole.Manager, DesiredRole: NodeRole.Manager } && Members.All(m => m.Node != n.Id));
            if (promoted is null)
            {
                return false;
            }

            Members.Add(new RaftPeer(new RaftId(++_ids), promoted.Id, false, true, 1, false));
            return true;
        }

        private void Wish(NodeId node, NodeSpec.Types.Role role) =>
            Apply(new StoreAction.UpdateNodeSpec(node, 0, new NodeSpec { Role = role }));

        /// <summary>Failures that would take the quorum are not what demotion has to prevent.</summary>
        private void Reach(NodeId node, bool reachable)
        {
            var before = Members;
            Members = [.. Members.Select(m => m.Node != node || m.Id == _leader ? m
                : m with { Reachable = reachable, KeepsUp = reachable && m.Voter })];
            Members = HasQuorum() ? Members : before;
        }

        private bool HasQuorum() =>
            Members.Count(m => m is { Voter: true, Reachable: true }) >= (Members.Count(m => m.Voter) / 2) + 1;

        private void Apply(StoreAction action) =>
            State = State.Apply(StoreEntry.Of(Backup.States.At, action), ++_index).State;
    }
}
