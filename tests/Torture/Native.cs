using System.Runtime.InteropServices;

namespace Swarm.Torture;

/// <summary>Signals to processes that are no children of ours.</summary>
internal static partial class Native
{
    internal const int SigKill = 9;
    internal const int SigCont = 18;
    internal const int SigStop = 19;

    internal static void Signal(int pid, int signal)
    {
        if (Kill(pid, signal) == 0)
            return;
        var errno = Marshal.GetLastPInvokeError();
        throw new InvalidOperationException(
            $"signal {signal} to process {pid} failed: {Marshal.GetPInvokeErrorMessage(errno)}");
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);
}
