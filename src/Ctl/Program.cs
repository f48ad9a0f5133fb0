using Swarm.Ctl.Cli;

return await CtlProgram.RunAsync(args).ConfigureAwait(false);
