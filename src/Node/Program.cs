using Swarm.Node;

return await DaemonProgram.RunAsync(args).ConfigureAwait(false);
