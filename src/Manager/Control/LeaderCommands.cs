using Swarm.Raft;

namespace Swarm.Manager.Control;

/// <summary>What the commands of every request share.</summary>
internal sealed record CommandTools(
    RaftNode Raft, ImagePinner Pinner, Func<string> AdvertiseAddress, Func<IReadOnlyList<ManagerMember>> Members);

/// <summary>What the leader can be asked to do. A request asks for one of these, and only that one is made.</summary>
internal sealed class LeaderCommands(LeaderContext context, CommandTools tools)
{
    internal ServiceCommands Services => new(context, tools.Pinner);

    internal NodeCommands Nodes => new(context, tools.Raft, tools.AdvertiseAddress);

    internal Queries Queries => new(context.FreshStateAsync, tools.Members);

    internal Watches Watches => new(context);

    internal EventStream Events => new(context);

    internal ObservationCommands Observation => new(context);

    internal ClusterCommands Cluster => new(context);

    internal PayloadCommands Payloads => new(context);

    internal TaskSessions Sessions => new(context);
}
