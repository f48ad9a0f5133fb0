namespace Swarm.Manager;

/// <summary>
/// A loop without which a daemon only looks healthy. It ends when it is told to, and in no other way unseen: a daemon
/// that ended is started again by its supervisor, one that has lost a part of itself is not.
/// </summary>
public static class Vital
{
    /// <summary>
    /// Runs the loop beside the caller; <paramref name="broke"/> is told anything that comes out of it, unless
    /// <paramref name="stop"/> was cancelled before.
    /// </summary>
    public static Task Run(Func<Task> loop, Action<Exception> broke, CancellationToken stop) => Task.Run(
        async () =>
        {
            try
            {
                await loop().ConfigureAwait(false);
            }
            catch (Exception e)
            {
                if (!stop.IsCancellationRequested)
                {
                    broke(e);
                }
            }
        },
        CancellationToken.None);
}
