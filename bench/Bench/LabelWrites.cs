using Swarm.Protocol.V1;
using Swarm.Rpc;

namespace Swarm.Bench;

/// <summary>
/// Replicated writes through a manager's own API: each client changes a label of a service of its own by
/// compare-and-set. Nothing is planned for these services (no replicas), so what is measured is the way into the log of
/// all managers and back.
/// </summary>
internal sealed class LabelWrites(string socket, int clients) : IWriteTarget
{
    private const string Label = "value";
    private readonly SharedConnections<SwarmClient> _connections = new(clients, () => new SwarmClient(socket));
    private readonly (string Id, ulong Version, ServiceSpec Spec)[] _services =
        new (string, ulong, ServiceSpec)[clients];

    /// <summary>Waits until the manager has applied up to an index; prints the index when asked for 0.</summary>
    public static async Task<ulong> AppliedAsync(string socket, ulong index)
    {
        await using var client = new SwarmClient(socket);
        while (true)
        {
            try
            {
                var raft = (await client.InfoAsync()).Raft;
                if (raft is not null && raft.AppliedIndex >= index)
                    return raft.AppliedIndex;
            }
            catch (RpcException e) when (e.Code == RpcStatusCode.Unavailable)
            {
                // It has not opened its socket yet.
            }

            await Task.Delay(1);
        }
    }

    public async Task CreateAsync(int client)
    {
        var spec = new ServiceSpec
        {
            Name = $"bench-raft-{client}",
            Replicated = new ReplicatedMode { Replicas = 0 },
            Task = new TaskSpec { Container = new ContainerSpec { Image = "bench/nothing:1" } },
        };
        var created = await _connections.Of(client).CallAsync<CreateServiceRequest, CreateServiceResponse>(
            "CreateService", new CreateServiceRequest { Spec = spec, NoResolveImage = true });
        _services[client] = (created.Id, created.Version, spec);
    }

    public async Task WriteAsync(int client, int bytes)
    {
        var (id, version, spec) = _services[client];
        spec.Labels[Label] = Values.Of(version, bytes);
        var answer = await _connections.Of(client).CallAsync<UpdateServiceRequest, UpdateServiceResponse>(
            "UpdateService",
            new UpdateServiceRequest { ServiceId = id, Version = version, Spec = spec, NoResolveImage = true });
        _services[client].Version = answer.Version;
    }

    public Task RemoveAsync(int client) => _connections.Of(client).CallAsync<RemoveServiceRequest, RemoveServiceResponse>(
        "RemoveService", new RemoveServiceRequest { Ref = _services[client].Id });

    public ValueTask DisposeAsync() => _connections.DisposeAsync();
}
