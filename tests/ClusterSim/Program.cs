using Swarm.ClusterSim.Raft;

if (args is ["raft", .. var rest])
    return RaftScenario.Run(rest, Console.Out);

Console.Error.WriteLine("usage: ClusterSim raft [--seeds N] [--seed S] [--trace]");
return 2;
