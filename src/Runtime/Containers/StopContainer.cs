namespace Swarm.Runtime.Containers;

/// <summary>Asks a container to end, waits, and ends it.</summary>
internal static class StopContainer
{
    /// <summary>Time in which the kernel and the monitor must be done after SIGKILL.</summary>
    internal static readonly TimeSpan KillPatience = TimeSpan.FromSeconds(10);

    /// <summary>Longest wait that the clock accepts comfortably.</summary>
    internal static readonly TimeSpan MaxGrace = TimeSpan.FromDays(30);

    internal static async Task<ContainerExit> RunAsync(
        RuntimeHost host, ContainerEntry entry, int signal, TimeSpan grace, CancellationToken ct)
    {
        if (entry.State.Phase == ContainerPhase.Running && grace > TimeSpan.Zero)
        {
            KillContainer.Run(entry, signal);
            if (await EndsWithinAsync(host, entry, grace < MaxGrace ? grace : MaxGrace, ct).ConfigureAwait(false))
                return await entry.Ended.ConfigureAwait(false);
        }
        KillContainer.Run(entry, ContainerNative.SigKill);
        if (await EndsWithinAsync(host, entry, KillPatience, ct).ConfigureAwait(false))
            return await entry.Ended.ConfigureAwait(false);
        throw new ContainerException(
            $"container {entry.Id} did not end within {KillPatience.TotalSeconds} s after SIGKILL; "
            + "a process of it hangs in the kernel (look at its storage)");
    }

    private static async Task<bool> EndsWithinAsync(
        RuntimeHost host, ContainerEntry entry, TimeSpan time, CancellationToken ct)
    {
        try
        {
            await entry.Ended.WaitAsync(time, host.Options.Time, ct).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}
