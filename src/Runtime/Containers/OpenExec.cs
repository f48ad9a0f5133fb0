namespace Swarm.Runtime.Containers;

/// <summary>Begins sessions with containers, a bounded number at a time.</summary>
internal static class OpenExec
{
    internal static async Task<ContainerSession> RunAsync(
        RuntimeHost host, ContainerEntry entry, ContainerCommand command, CancellationToken ct)
    {
        command.Check();
        host.EnterSession();
        var files = new ExecFiles(entry);
        ContainerSession? session = null;
        try
        {
            await host.RunAsync(
                () =>
                {
                    Prepare(entry, command, files);
                    session = new ExecSession(
                        Guarded(entry, () => ExecStart.Run(host, entry, command, files)), files, host.LeaveSession);
                },
                ct).ConfigureAwait(false);
            return session!;
        }
        catch when (session is null)
        {
            files.Dispose();
            host.LeaveSession();
            throw;
        }
    }

    internal static async Task RunDetachedAsync(
        RuntimeHost host, ContainerEntry entry, ContainerCommand command, CancellationToken ct)
    {
        command.Check();
        using var files = new ExecFiles(entry);
        await host.RunAsync(
            () =>
            {
                Prepare(entry, command with { Tty = false }, files);
                ExecStart.RunDetached(host, entry, command, files);
            },
            ct).ConfigureAwait(false);
    }

    internal static ContainerSession Attach(RuntimeHost host, ContainerEntry entry)
    {
        host.EnterSession();
        try
        {
            var session = AttachSession.Open(host, entry);
            entry.NoteAttached();
            return session;
        }
        catch
        {
            host.LeaveSession();
            throw;
        }
    }

    private static void Prepare(ContainerEntry entry, ContainerCommand command, ExecFiles files)
    {
        if (entry.State.Phase != ContainerPhase.Running)
            throw ContainerRoot.NotRunning(entry.Id);
        Guarded(entry, () =>
        {
            files.Write(entry, command);
            return true;
        });
    }

    private static T Guarded<T>(ContainerEntry entry, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ContainerException($"container {entry.Id}: no session could be begun: {e.Message}", e);
        }
    }
}
