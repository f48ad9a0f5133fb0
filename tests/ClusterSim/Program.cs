using Swarm.ClusterSim.Orchestration;
using Swarm.ClusterSim.Raft;

if (args is ["raft", .. var raft])
    return RaftCommand.Run(raft, Console.Out);
if (args is ["swarm", .. var swarm])
    return SwarmCommand.Run(swarm, Console.Out);
if (args is ["small-model", .. var model])
    return SmallModelCommand.Run(model, Console.Out);
if (args is ["scale", .. var scale])
    return ScaleCommand.Run(scale, Console.Out);

Console.Error.WriteLine(RaftCommand.Usage);
Console.Error.WriteLine(SwarmCommand.Usage);
Console.Error.WriteLine(SmallModelCommand.Usage);
Console.Error.WriteLine(ScaleCommand.Usage);
return 2;
