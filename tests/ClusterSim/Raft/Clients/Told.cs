using Swarm.Raft;
using Swarm.Rpc;

namespace Swarm.ClusterSim.Raft;

/// <summary>What a client is told of one attempt at a change.</summary>
/// <param name="Done">It was committed; what the state made of it is in there.</param>
/// <param name="Failure">It was not, or nobody knows.</param>
/// <param name="Leader">Where to try instead, when that is known.</param>
internal readonly record struct Told(ProposeResult? Done, RpcException? Failure, RaftId? Leader = null);
