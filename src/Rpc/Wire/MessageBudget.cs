namespace Swarm.Rpc.Wire;

/// <summary>
/// Bytes that one address may have in messages that are not complete yet. Without it a single peer could hold
/// streams × message limit of our memory.
/// </summary>
internal sealed class MessageBudget(long maxBytes)
{
    private long _used;

    public long UsedBytes => Interlocked.Read(ref _used);

    /// <exception cref="RpcException">ResourceExhausted: too much has begun already.</exception>
    public void Reserve(int bytes)
    {
        if (Interlocked.Add(ref _used, bytes) <= maxBytes)
            return;
        Release(bytes);
        throw new RpcException(
            RpcStatusCode.ResourceExhausted,
            $"messages of more than {maxBytes} bytes are on their way from this address; try again");
    }

    public void Release(int bytes) => Interlocked.Add(ref _used, -bytes);
}
