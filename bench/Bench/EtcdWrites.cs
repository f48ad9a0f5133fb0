using Google.Protobuf;
using Swarm.Bench.Etcd;
using Swarm.Rpc;

namespace Swarm.Bench;

/// <summary>
/// The same clients, over as many connections of the same kind, against etcd: each writes a key of its own, by a plain
/// put or by a transaction that compares the key's revision first, which is what a change of a label promises.
/// </summary>
internal sealed class EtcdWrites(string socket, int clients, bool compare) : IWriteTarget
{
    private static readonly RpcMethod<PutRequest, PutResponse> Put =
        RpcMethod<PutRequest, PutResponse>.Of(EtcdReflection.Descriptor.Services[0], "Put");
    private static readonly RpcMethod<TxnRequest, TxnResponse> Txn =
        RpcMethod<TxnRequest, TxnResponse>.Of(EtcdReflection.Descriptor.Services[0], "Txn");
    private static readonly CallOptions Options = new() { Deadline = TimeSpan.FromSeconds(15) };
    private readonly SharedConnections<RpcChannel> _connections = new(clients, () => RpcChannel.ForUnixSocket(socket));
    private readonly string _run = Guid.NewGuid().ToString("N");
    private readonly ulong[] _versions = new ulong[clients];
    private readonly long[] _revisions = new long[clients];

    public Task CreateAsync(int client) => Task.CompletedTask;

    public Task WriteAsync(int client, int bytes)
    {
        var value = Values.Of(++_versions[client], bytes);
        var put = new PutRequest
        {
            Key = ByteString.CopyFromUtf8($"bench-{_run}-{client}"),
            Value = ByteString.CopyFromUtf8(value),
        };
        return compare ? SwapAsync(client, put) : _connections.Of(client).UnaryAsync(Put, put, Options);
    }

    public Task RemoveAsync(int client) => Task.CompletedTask;

    public ValueTask DisposeAsync() => _connections.DisposeAsync();

    private async Task SwapAsync(int client, PutRequest put)
    {
        var only = new Compare
        {
            Target = Compare.Types.CompareTarget.Mod, Key = put.Key, ModRevision = _revisions[client],
        };
        var request = new TxnRequest { Compare = { only }, Success = { new RequestOp { RequestPut = put } } };
        var answer = await _connections.Of(client).UnaryAsync(Txn, request, Options);
        if (!answer.Succeeded)
            throw new InvalidOperationException($"etcd: {put.Key.ToStringUtf8()} was changed by somebody else");
        _revisions[client] = answer.Header.Revision;
    }
}
