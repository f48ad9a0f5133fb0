using Google.Protobuf;
using Google.Protobuf.Reflection;
using Swarm.Protocol.V1;
using Swarm.Rpc;

namespace Swarm.Ctl.Cli;

/// <summary>One run of swarmctl: the connection to the daemon and where to print.</summary>
internal sealed class Ctl(string? host, TextWriter output, TextWriter error) : IAsyncDisposable
{
    /// <summary>Where the daemon listens unless told otherwise.</summary>
    internal const string DefaultHost = "unix:///run/swarm/swarm.sock";

    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(20);
    private static readonly ServiceDescriptor Control = ControlReflection.Descriptor.Services[0];
    private static readonly ServiceDescriptor Local = NodeReflection.Descriptor.Services[0];

    private RpcChannel? _channel;

    internal TextWriter Out { get; } = output;

    internal TextWriter Error { get; } = error;

    /// <summary>A person is looking: bars may be redrawn.</summary>
    internal bool IsTerminal => !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") is not "dumb";

    /// <summary>Asks the control service of the swarm.</summary>
    internal Task<TRes> CallAsync<TReq, TRes>(string method, TReq request, CancellationToken ct)
        where TReq : class, IMessage<TReq>, new()
        where TRes : class, IMessage<TRes>, new() =>
        Channel().UnaryAsync(
            RpcMethod<TReq, TRes>.Of(Control, method), request, new CallOptions { Deadline = CallTimeout }, ct);

    /// <summary>Asks this node itself.</summary>
    internal Task<TRes> LocalAsync<TReq, TRes>(string method, TReq request, CancellationToken ct)
        where TReq : class, IMessage<TReq>, new()
        where TRes : class, IMessage<TRes>, new() =>
        Channel().UnaryAsync(
            RpcMethod<TReq, TRes>.Of(Local, method), request, new CallOptions { Deadline = CallTimeout * 3 }, ct);

    /// <summary>A stream of answers of the control service.</summary>
    internal async IAsyncEnumerable<TRes> StreamAsync<TReq, TRes>(
        string method, TReq request, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
        where TReq : class, IMessage<TReq>, new()
        where TRes : class, IMessage<TRes>, new()
    {
        await using var call = Channel().ServerStream(RpcMethod<TReq, TRes>.Of(Control, method), request, null, ct);
        await foreach (var message in call.ReadAllAsync(ct).ConfigureAwait(false))
        {
            yield return message;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Out.FlushAsync().ConfigureAwait(false);
        if (_channel is not null)
        {
            await _channel.DisposeAsync().ConfigureAwait(false);
        }
    }

    private RpcChannel Channel() => _channel ??= RpcChannel.ForUnixSocket(SocketPath());

    private string SocketPath()
    {
        var address = host ?? Environment.GetEnvironmentVariable("SWARM_HOST");
        address = string.IsNullOrEmpty(address) ? DefaultHost : address;
        const string scheme = "unix://";
        if (!address.StartsWith(scheme, StringComparison.Ordinal) || address.Length == scheme.Length)
        {
            throw new UsageException($"--host '{address}': only unix:///path/to/socket is supported");
        }

        var path = address[scheme.Length..];
        return File.Exists(path)
            ? path
            : throw new CtlException(
                ExitCode.Unavailable,
                $"cannot reach the daemon at {address}: no such socket; is swarmd running? (--host names another)");
    }
}
