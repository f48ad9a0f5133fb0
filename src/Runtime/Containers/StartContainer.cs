namespace Swarm.Runtime.Containers;

/// <summary>Lets the program of a created container run.</summary>
internal static class StartContainer
{
    internal static void Run(RuntimeHost host, ContainerEntry entry)
    {
        var state = entry.State;
        if (state.Phase != ContainerPhase.Created)
        {
            throw new ContainerException(
                $"container {entry.Id} is {state.Phase} and cannot be started; only a created one can");
        }
        // Recorded first: a crash in between is told by the runtime's start fifo, which goes away with the start.
        entry.Update(r => r with { StartedAt = host.Now });
        var arguments = host.Oci.StartArguments(entry.Id, entry.Directory.RuntimeLog);
        var result = ToolProcess.Run(host.Oci.Path, arguments, RuntimeHost.ToolTimeoutMs);
        if (result.ExitCode == 0)
            return;
        _ = entry.Signal(ContainerNative.SigKill);
        if (result.TimedOut)
        {
            throw new ContainerException($"container {entry.Id}: the OCI runtime did not start it within "
                + $"{RuntimeHost.ToolTimeoutMs / 1000} s");
        }
        var detail = RuntimeErrorText.LastOf(entry.Directory.RuntimeLog);
        throw new ContainerException(
            RuntimeErrorText.Readable(detail.Length > 0 ? detail : result.Output, "the program"));
    }
}
