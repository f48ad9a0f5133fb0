using System.Threading.Channels;

namespace Swarm.Node.Images;

/// <summary>Work that tells how far it is: only the caller's own task writes to the caller's stream.</summary>
internal static class ToldWork
{
    /// <summary>The work's result, after everything that it told was passed on.</summary>
    /// <param name="states">Between the work and the caller; its options say what becomes of states that wait.</param>
    /// <param name="work">Writes its states, from any thread.</param>
    /// <param name="tell">Passes one on.</param>
    /// <param name="ct">Gives up; the work is waited for all the same.</param>
    internal static async Task<T> RunAsync<TState, T>(
        Channel<TState> states, Func<ChannelWriter<TState>, Task<T>> work, Func<TState, ValueTask> tell,
        CancellationToken ct)
    {
        var working = CompletingAsync(states.Writer, work);
        try
        {
            await foreach (var state in states.Reader.ReadAllAsync(ct).ConfigureAwait(false))
            {
                await tell(state).ConfigureAwait(false);
            }
        }
        catch
        {
            await ((Task)working).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }

        return await working.ConfigureAwait(false);
    }

    private static async Task<T> CompletingAsync<TState, T>(
        ChannelWriter<TState> states, Func<ChannelWriter<TState>, Task<T>> work)
    {
        try
        {
            return await work(states).ConfigureAwait(false);
        }
        finally
        {
            states.Complete();
        }
    }
}
