using System.Globalization;

namespace Swarm.Bench;

/// <summary>The connections of all clients of a contestant: one for each, shared by turns beyond a number.</summary>
internal sealed class SharedConnections<T>(int clients, Func<T> connect) : IAsyncDisposable
    where T : IAsyncDisposable
{
    /// <summary>Connections that the clients share.</summary>
    private const int MaxConnections = 8;

    private readonly T[] _connections =
        [.. Enumerable.Range(0, Math.Min(clients, MaxConnections)).Select(_ => connect())];

    public T Of(int client) => _connections[client % _connections.Length];

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _connections)
            await connection.DisposeAsync();
    }
}

/// <summary>What is written.</summary>
internal static class Values
{
    /// <summary>So many bytes that differ from those of the write before.</summary>
    public static string Of(ulong write, int bytes) =>
        write.ToString(CultureInfo.InvariantCulture).PadRight(bytes, 'x');
}
