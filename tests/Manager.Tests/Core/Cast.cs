using Swarm.Manager.Core;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Raft;
using Swarm.Store;

namespace Swarm.Manager.Tests.Core;

/// <summary>Nodes and their Raft members, as short as a table: "a" runs member 1, "b" member 2 and so on.</summary>
internal static class Cast
{
    private static readonly DateTimeOffset At = Backup.States.At;

    internal static RaftId Member(string node) => new((ulong)(node[0] - 'a' + 1));

    /// <summary>Each node as NAME:IS[WANTED] with M for manager and W for worker: "a:M b:MW c:W".</summary>
    internal static ClusterState State(string nodes)
    {
        var actions = nodes.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(text =>
        {
            var (name, roles) = (text[..1], text[2..]);
            var spec = new NodeSpec { Role = Wanted(roles[^1]) };
            return NewNodes.Create(new NodeId(name), Role(roles[0]), spec);
        });
        var entry = new StoreEntry(At, [new StoreAction.SetCluster(Backup.States.Cluster), .. actions]);
        return ClusterState.Empty.Apply(entry, 1).State;
    }

    /// <summary>Each member by its node: "a b? c- d+": ? a learner, - not heard; the match grows from left to
    /// right.</summary>
    internal static IReadOnlyList<RaftPeer> Members(string members) =>
    [
        .. members.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select((text, at) => new RaftPeer(
            Member(text), new NodeId(text[..1]), !text.Contains('?'), !text.Contains('-'), (ulong)at + 1,
            !text.Contains('-'))),
    ];

    private static NodeRole Role(char letter) => letter == 'M' ? NodeRole.Manager : NodeRole.Worker;

    private static NodeSpec.Types.Role Wanted(char letter) =>
        letter == 'M' ? NodeSpec.Types.Role.Manager : NodeSpec.Types.Role.Worker;
}
