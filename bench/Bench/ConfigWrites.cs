using System.Globalization;
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
    private readonly SwarmClient[] _connections =
        [.. Enumerable.Range(0, Math.Min(clients, LabelWrites.MaxConnections)).Select(_ => new SwarmClient(socket))];
    private readonly (string Id, ulong Version, PayloadSpec Spec)[] _configs =
        new (string, ulong, PayloadSpec)[clients];

    public async Task CreateAsync(int client)
    {
        var spec = new PayloadSpec { Name = $"bench-raft-{client}" };
        var created = await Connection(client).CallAsync<CreatePayloadRequest, CreatePayloadResponse>(
            "CreatePayload",
            new CreatePayloadRequest { Kind = PayloadKind.Config, Spec = spec, Data = ByteString.CopyFromUtf8("x") });
        _configs[client] = (created.Id, created.Version, spec);
    }

    public async Task WriteAsync(int client, int bytes)
    {
        var (id, version, spec) = _configs[client];
        spec.Labels[Label] = version.ToString(CultureInfo.InvariantCulture).PadRight(bytes, 'x');
        var answer = await Connection(client).CallAsync<UpdatePayloadRequest, UpdatePayloadResponse>(
            "UpdatePayload",
            new UpdatePayloadRequest { Kind = PayloadKind.Config, Id = id, Version = version, Spec = spec });
        _configs[client].Version = answer.Version;
    }

    public Task RemoveAsync(int client) => Connection(client).CallAsync<RemovePayloadRequest, RemovePayloadResponse>(
        "RemovePayload", new RemovePayloadRequest { Kind = PayloadKind.Config, Ref = _configs[client].Id });

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _connections)
            await connection.DisposeAsync();
    }

    private SwarmClient Connection(int client) => _connections[client % _connections.Length];
}
