namespace Swarm.Runtime.Containers;

/// <summary>Copies run on threads of their own, as many as commands of health checks may.</summary>
internal static class CopyWork
{
    internal static CopyLimits Limits { get; } = new();

    internal static async Task<T> RunAsync<T>(RuntimeHost host, Func<T> work, CancellationToken ct)
    {
        try
        {
            return await host.RunLongAsync(work, ct).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ContainerException(e.Message, e);
        }
    }
}
