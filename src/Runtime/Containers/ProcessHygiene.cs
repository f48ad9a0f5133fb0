using System.Runtime.InteropServices;

namespace Swarm.Runtime.Containers;

/// <summary>What a daemon does first, before it starts any process.</summary>
public static class ProcessHygiene
{
    private const uint FirstDescriptorAfterStdio = 3;

    /// <summary>
    /// A dump of this process would hold secrets. Programs that it starts are not concerned: the mark ends with exec.
    /// </summary>
    public static void ForbidDumps()
    {
        var errno = ContainerNative.ForbidDumps();
        if (errno != 0)
        {
            throw new ContainerException(
                $"prctl(PR_SET_DUMPABLE) failed: {Marshal.GetPInvokeErrorMessage(errno)}");
        }
    }

    /// <summary>
    /// Marks every descriptor but stdin, stdout and stderr close-on-exec, inherited ones included. An OCI runtime that
    /// inherits a directory of the host hands it to the container (CVE-2024-21626).
    /// </summary>
    public static void MarkDescriptorsCloseOnExec()
    {
        var errno = ContainerNative.MarkCloseOnExec(FirstDescriptorAfterStdio);
        if (errno != 0)
        {
            throw new ContainerException(
                $"close_range failed: {Marshal.GetPInvokeErrorMessage(errno)}; Linux 5.11 or newer is needed");
        }
    }
}
