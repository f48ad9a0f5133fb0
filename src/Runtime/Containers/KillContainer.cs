using System.Runtime.InteropServices;

namespace Swarm.Runtime.Containers;

/// <summary>Signals the first process of a container, and nobody else even if its number was reused.</summary>
internal static class KillContainer
{
    private const int LargestSignal = 64;

    internal static void Run(ContainerEntry entry, int signal)
    {
        if (signal is < 1 or > LargestSignal)
            throw new ContainerException($"signal {signal} must be 1 to {LargestSignal}");
        if (entry.State.Phase is not (ContainerPhase.Running or ContainerPhase.Created))
            return;
        var errno = entry.Signal(signal);
        if (errno != 0)
        {
            throw new ContainerException(
                $"container {entry.Id}: signal {signal}: {Marshal.GetPInvokeErrorMessage(errno)}");
        }
    }
}
