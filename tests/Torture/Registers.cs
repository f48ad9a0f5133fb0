using Swarm.Histories;
using Swarm.Protocol.V1;
using Swarm.Rpc;

namespace Swarm.Torture;

/// <summary>A value as it was read, with the version that a compare-and-set needs.</summary>
internal sealed record Seen(ServiceSpec Spec, ulong Version)
{
    internal const string Label = "value";

    internal string Value => Spec.Labels[Label];
}

/// <summary>
/// Keys that are written: services without tasks, one label of each is the value. Every operation goes into the
/// history with what the client was told of it.
/// </summary>
internal sealed class Registers
{
    private readonly Managers _managers;
    private readonly History _history;
    private readonly string[] _ids;

    private Registers(Managers managers, History history, string[] ids) =>
        (_managers, _history, _ids) = (managers, history, ids);

    internal int Count => _ids.Length;

    internal static async Task<Registers> CreateAsync(Managers managers, History history, int count)
    {
        var ids = new string[count];
        var prefix = $"torture-{Environment.ProcessId}";
        for (var key = 0; key < count; key++)
        {
            var start = History.NowNs();
            var created = await managers.CallAsync(managers.Hosts[0], Calls.Create, new CreateServiceRequest
            {
                NoResolveImage = true, Spec = NewSpec($"{prefix}-{key}", Initial(key)),
            }).ConfigureAwait(false);
            ids[key] = created.Id;
            history.Add(new Operation(
                0, start, History.NowNs(), Name(key), OperationKind.Create, Initial(key), Operation.Ok,
                OperationOutcome.Known));
        }

        return new Registers(managers, history, ids);
    }

    internal static string Name(int key) => $"k{key}";

    /// <summary>Asks one manager after the other until one answers; null when none does.</summary>
    internal async Task<Seen?> ReadAsync(long client, IEnumerable<string> hosts, int key, CancellationToken ct)
    {
        foreach (var host in hosts)
        {
            if (await ReadAsync(client, host, key, ct).ConfigureAwait(false) is { } seen)
                return seen;
        }

        return null;
    }

    /// <summary>Null when it did not answer.</summary>
    internal async Task<Seen?> ReadAsync(long client, string host, int key, CancellationToken ct)
    {
        var start = History.NowNs();
        try
        {
            var answer = await _managers.CallAsync(host, Calls.Get, new GetServiceRequest { Ref = _ids[key] }, ct)
                .ConfigureAwait(false);
            var seen = new Seen(answer.Service.Spec, answer.Service.Version);
            _history.Add(new Operation(
                client, start, History.NowNs(), Name(key), OperationKind.Read, null, seen.Value,
                OperationOutcome.Known));
            return seen;
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException)
        {
            _history.Add(new Operation(
                client, start, History.NowNs(), Name(key), OperationKind.Read, null, null, OperationOutcome.Unknown));
            return null;
        }
    }

    /// <summary>Puts a value where <paramref name="seen"/> still is.</summary>
    internal async Task<OperationOutcome> SetAsync(
        long client, IReadOnlyList<string> hosts, int key, Seen seen, string value, CancellationToken ct)
    {
        var spec = seen.Spec.Clone();
        spec.Labels[Seen.Label] = value;
        var request = new UpdateServiceRequest
        {
            ServiceId = _ids[key], Version = seen.Version, Spec = spec, NoResolveImage = true,
        };
        var start = History.NowNs();
        var outcome = await Attempt.SetAsync(_managers, hosts, request, ct).ConfigureAwait(false);
        _history.Add(new Operation(
            client, start, outcome == OperationOutcome.Unknown ? null : History.NowNs(), Name(key),
            OperationKind.CompareAndSet, value, outcome == OperationOutcome.Known ? Operation.Ok : null, outcome)
        {
            Expected = seen.Value,
        });
        return outcome;
    }

    /// <summary>Best effort: a lab that is thrown away needs it not.</summary>
    internal async Task RemoveAsync()
    {
        foreach (var id in _ids)
        {
            await _managers.CallAsync(_managers.Hosts[0], Calls.Remove, new RemoveServiceRequest { Ref = id })
                .ConfigureAwait(false);
        }
    }

    private static string Initial(int key) => History.NewValue(0, key);

    private static ServiceSpec NewSpec(string name, string value) => new()
    {
        Name = name,
        Labels = { [Seen.Label] = value },
        Replicated = new ReplicatedMode { Replicas = 0 },
        Task = new TaskSpec { Container = new ContainerSpec { Image = "torture/nothing:1" } },
    };
}
