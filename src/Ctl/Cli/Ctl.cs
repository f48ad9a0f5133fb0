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

    /// <summary>
    /// What a manager takes an answer for that may be out of date; Swarm.Manager knows the same word.
    /// </summary>
    private const string StaleHeader = "swarm-stale";

    private static readonly Dictionary<string, string> StaleMetadata = new() { [StaleHeader] = "1" };

    private readonly RequestIds _ids = new();
    private bool _warnedOfAge;
    private RpcChannel? _channel;

    internal TextWriter Out { get; } = output;

    internal TextWriter Error { get; } = error;

    /// <summary>Reads go to this manager alone.</summary>
    internal bool Stale { get; init; }

    /// <summary>The swarm was restored and observes; known after a command that changed something.</summary>
    internal bool Observing { get; private set; }

    /// <summary>A person is looking: bars may be redrawn.</summary>
    internal bool IsTerminal => ReferenceEquals(Out, Console.Out) && !Console.IsOutputRedirected
        && Environment.GetEnvironmentVariable("TERM") is not "dumb";

    /// <summary>
    /// Asks the control service of the swarm. Each command has an id, so it is asked again under that id until its
    /// outcome is known, and acts once.
    /// </summary>
    internal async Task<TRes> CallAsync<TReq, TRes>(string method, TReq request, CancellationToken ct)
        where TReq : class, IMessage<TReq>, new()
        where TRes : class, IMessage<TRes>, new()
    {
        var changes = _ids.TryMark(request);
        var reads = !changes && OnlyReads(method);
        WarnOfAge(reads);
        var answer = await RpcRetry.UntilKnownAsync(
            left => Channel().UnaryAsync(
                RpcMethod<TReq, TRes>.Of(Control, method), request,
                new CallOptions { Deadline = left, Metadata = Stale ? StaleMetadata : null }, ct),
            changes || reads, CallTimeout, TimeProvider.System, ct).ConfigureAwait(false);
        if (changes)
        {
            await WarnOfObservationAsync(ct).ConfigureAwait(false);
        }

        return answer;
    }

    /// <summary>Asks this node itself.</summary>
    internal Task<TRes> LocalAsync<TReq, TRes>(string method, TReq request, CancellationToken ct)
        where TReq : class, IMessage<TReq>, new()
        where TRes : class, IMessage<TRes>, new() =>
        Channel().UnaryAsync(
            RpcMethod<TReq, TRes>.Of(Local, method), request, new CallOptions { Deadline = CallTimeout * 3 }, ct);

    /// <summary>A stream of answers of this node itself.</summary>
    internal ServerStreamCall<TRes> LocalStream<TReq, TRes>(string method, TReq request, CancellationToken ct)
        where TReq : class, IMessage<TReq>, new()
        where TRes : class, IMessage<TRes>, new() =>
        Channel().ServerStream(RpcMethod<TReq, TRes>.Of(Local, method), request, null, ct);

    /// <summary>Sends messages to this node; its answer may come before the last of them.</summary>
    internal async Task<TRes> UploadAsync<TReq, TRes>(
        string method, IAsyncEnumerable<TReq> messages, CancellationToken ct)
        where TReq : class, IMessage<TReq>, new()
        where TRes : class, IMessage<TRes>, new()
    {
        await using var call = Channel().ClientStream(RpcMethod<TReq, TRes>.Of(Local, method), ct: ct);
        try
        {
            await foreach (var message in messages.WithCancellation(ct).ConfigureAwait(false))
            {
                await call.WriteAsync(message, ct).ConfigureAwait(false);
            }
        }
        catch (RpcException)
        {
            // The node has heard enough: how the call ended is its answer, or its error.
            return await call.ResponseAsync().ConfigureAwait(false);
        }

        return await call.CompleteAsync().ConfigureAwait(false);
    }

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

    private static bool OnlyReads(string method) =>
        method.StartsWith("Get", StringComparison.Ordinal) || method.StartsWith("List", StringComparison.Ordinal);

    private void WarnOfAge(bool reads)
    {
        if (!Stale || _warnedOfAge)
        {
            return;
        }

        _warnedOfAge = reads
            ? true
            : throw new UsageException("--stale goes with commands that only read: a change needs a leader");
        Error.WriteLine("WARNING: --stale: this is what this manager knows, it may be out of date");
    }

    /// <summary>Whoever changes something in a restored swarm is told that nothing happens yet.</summary>
    private async Task WarnOfObservationAsync(CancellationToken ct)
    {
        GetInfoResponse info;
        try
        {
            info = await LocalAsync<GetInfoRequest, GetInfoResponse>("GetInfo", new GetInfoRequest(), ct)
                .ConfigureAwait(false);
        }
        catch (RpcException)
        {
            // The change was made: that must not look like a failure because a question after it went unanswered.
            return;
        }

        if (info.Observing && !Observing)
        {
            Error.WriteLine(
                "WARNING: this swarm was restored and observes: the change is stored, and nothing is started or "
                + "stopped until 'swarmctl swarm resume'");
        }

        Observing = info.Observing;
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
