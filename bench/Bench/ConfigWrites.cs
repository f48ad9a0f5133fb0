using Google.Protobuf;
using Swarm.Protocol.V1;

namespace Swarm.Bench;

/// <summary>
/// The smallest write of a user that a manager has: each client changes a label of a config of its own by
/// compare-and-set. What is sent is the name and the label, as with a key and its value; no planner has work with it.
/// </summary>
internal sealed class ConfigWrites(string socket, int clients) : IWriteTarget
{
    private const string Label = "value";
    private readonly SharedConnections<SwarmClient> _connections = new(clients, () => new SwarmClient(socket));
    private readonly (string Id, ulong Version, PayloadSpec Spec)[] _configs =
        new (string, ulong, PayloadSpec)[clients];

    public async Task CreateAsync(int client)
    {
        var spec = new PayloadSpec { Name = $"bench-raft-{client}" };
        var created = await _connections.Of(client).CallAsync<CreatePayloadRequest, CreatePayloadResponse>(
            "CreatePayload",
            new CreatePayloadRequest { Kind = PayloadKind.Config, Spec = spec, Data = ByteString.CopyFromUtf8("x") });
        _configs[client] = (created.Id, created.Version, spec);
    }

    public async Task WriteAsync(int client, int bytes)
    {
        var (id, version, spec) = _configs[client];
        spec.Labels[Label] = Values.Of(version, bytes);
        var answer = await _connections.Of(client).CallAsync<UpdatePayloadRequest, UpdatePayloadResponse>(
            "UpdatePayload",
            new UpdatePayloadRequest { Kind = PayloadKind.Config, Id = id, Version = version, Spec = spec });
        _configs[client].Version = answer.Version;
    }

    public Task RemoveAsync(int client) => _connections.Of(client).CallAsync<RemovePayloadRequest, RemovePayloadResponse>(
        "RemovePayload", new RemovePayloadRequest { Kind = PayloadKind.Config, Ref = _configs[client].Id });

    public ValueTask DisposeAsync() => _connections.DisposeAsync();
}
