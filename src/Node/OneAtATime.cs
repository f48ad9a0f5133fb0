using Swarm.Rpc;

namespace Swarm.Node;

/// <summary>Changes of the membership wait for each other.</summary>
internal sealed class OneAtATime
{
    private readonly SemaphoreSlim _one = new(1, 1);

    /// <exception cref="RpcException">FAILED_PRECONDITION, with what the disk or the address said.</exception>
    internal async Task<T> AloneAsync<T>(Func<Task<T>> work, CancellationToken ct)
    {
        await _one.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            return await work().ConfigureAwait(false);
        }
        catch (IOException e)
        {
            throw new RpcException(RpcStatusCode.FailedPrecondition, e.Message);
        }
        finally
        {
            _one.Release();
        }
    }
}
