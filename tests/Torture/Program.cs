using Swarm.Torture;

return await Command.RunAsync(args).ConfigureAwait(false);
