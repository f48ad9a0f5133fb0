using Swarm.ClusterSim.Raft;

if (args is ["raft", .. var rest])
    return RaftCommand.Run(rest, Console.Out);

Console.Error.WriteLine(RaftCommand.Usage);
return 2;
