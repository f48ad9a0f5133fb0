using Google.Protobuf;
using Swarm.Protocol.V1;
using Swarm.Rpc;

namespace Swarm.Ctl.Cli;

/// <summary>One run of swarmctl: the connection to the daemon and where to print.</summary>
internal sealed class Ctl(string? host, TextWriter output, TextWriter error) : IAsyncDisposable
{
    /// <summary>Where the daemon listens unless told otherwise.</summary>
    internal const string DefaultHost = "unix:///run/swarm/swarm.sock";

    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(20);
    private const string Control = "swarm.v1.Control";
    private const string Local = "swarm.v1.LocalNode";

    /// <summary>
    /// What a manager takes an answer for that may be out of date; Swarm.Manager knows the same word.
    /// </summary>
    private const string StaleHeader = "swarm-stale";

    private static readonly Dictionary<string, string> StaleMetadata = new() { [StaleHeader] = "1" };

    private readonly Dictionary<string, bool> _here = new(StringComparer.Ordinal);
    private readonly RequestIds _ids = new();
    private TextWriter? _shown;
    private TextWriter? _shownError;
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

    /// <summary>For text of others: as <see cref="Out"/>, and harmless where that is a terminal.</summary>
    internal TextWriter Shown => _shown ??= IsTerminal ? new TerminalText(Out) : Out;

    /// <summary>As <see cref="Shown"/>, for <see cref="Error"/>.</summary>
    internal TextWriter ShownError => _shownError ??=
        ReferenceEquals(Error, Console.Error) && !Console.IsErrorRedirected ? new TerminalText(Error) : Error;

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
            attempt => Channel().UnaryAsync(
                Method<TReq, TRes>(Control, method, RpcKind.Unary), request,
                new CallOptions { Deadline = attempt.Left, Metadata = Metadata(attempt) }, ct),
            changes || reads, CallTimeout, TimeProvider.System, ct).ConfigureAwait(false);
        if (changes)
        {
            await WarnOfObservationAsync(ct).ConfigureAwait(false);
        }

        return answer;
    }

    /// <summary>A manager that remembers the last commands only has to know since when this one may have acted.
    /// </summary>
    private Dictionary<string, string>? Metadata(RpcAttempt attempt) =>
        Stale ? StaleMetadata
        : attempt.OpenSince == TimeSpan.Zero ? null
        : new() { [RpcAttempt.OpenSinceHeader] = RpcAttempt.Text(attempt.OpenSince) };

    /// <summary>Asks this node itself.</summary>
    internal Task<TRes> LocalAsync<TReq, TRes>(string method, TReq request, CancellationToken ct)
        where TReq : class, IMessage<TReq>, new()
        where TRes : class, IMessage<TRes>, new() =>
        Channel().UnaryAsync(
            Method<TReq, TRes>(Local, method, RpcKind.Unary), request, new CallOptions { Deadline = CallTimeout * 3 },
            ct);

    /// <summary>The same for what takes as long as a container or its storage likes.</summary>
    internal Task<TRes> LocalPatientlyAsync<TReq, TRes>(string method, TReq request, CancellationToken ct)
        where TReq : class, IMessage<TReq>, new()
        where TRes : class, IMessage<TRes>, new() =>
        Channel().UnaryAsync(Method<TReq, TRes>(Local, method, RpcKind.Unary), request, null, ct);

    /// <summary>A stream of answers of this node itself.</summary>
    internal ServerStreamCall<TRes> LocalStream<TReq, TRes>(string method, TReq request, CancellationToken ct)
        where TReq : class, IMessage<TReq>, new()
        where TRes : class, IMessage<TRes>, new() =>
        Channel().ServerStream(Method<TReq, TRes>(Local, method, RpcKind.ServerStream), request, null, ct);

    /// <summary>Sends messages to this node; its answer may come before the last of them.</summary>
    internal async Task<TRes> UploadAsync<TReq, TRes>(
        string method, IAsyncEnumerable<TReq> messages, CancellationToken ct)
        where TReq : class, IMessage<TReq>, new()
        where TRes : class, IMessage<TRes>, new()
    {
        await using var call = Channel().ClientStream(Method<TReq, TRes>(Local, method, RpcKind.ClientStream), ct: ct);
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
        await using var call = Channel().ServerStream(
            Method<TReq, TRes>(Control, method, RpcKind.ServerStream), request, null, ct);
        await foreach (var message in call.ReadAllAsync(ct).ConfigureAwait(false))
        {
            yield return message;
        }
    }

    /// <summary>A conversation with a new container of this node, which starts with it.</summary>
    internal DuplexCall<TaskSessionRequest, TaskSessionResponse> ConverseHere() =>
        Talk(Local, "RunContainer");

    /// <summary>A conversation with a task of any node; it ends when it is disposed.</summary>
    internal DuplexCall<TaskSessionRequest, TaskSessionResponse> Converse() =>
        Talk(Control, "TaskSession");

    /// <summary>
    /// A conversation with a task of any node, or with a container of this one: where there is no manager to ask, and
    /// when a person runs it here.
    /// </summary>
    /// <param name="reference">Whom with.</param>
    /// <param name="here">Only this node's are meant.</param>
    /// <param name="ct">The user's interrupt.</param>
    internal async Task<DuplexCall<TaskSessionRequest, TaskSessionResponse>> ConverseAsync(
        string reference, bool here, CancellationToken ct) =>
        here || await IsHereAsync(reference, ct).ConfigureAwait(false)
            ? Talk(Local, "TalkToContainer")
            : Converse();

    /// <summary>The user's interrupt does not end it: it is a word of the conversation.</summary>
    private DuplexCall<TaskSessionRequest, TaskSessionResponse> Talk(string service, string method) =>
        Channel().Duplex(RpcMethod<TaskSessionRequest, TaskSessionResponse>.Named(
            service, method, RpcKind.Duplex, () => new TaskSessionResponse()));

    /// <summary>Without descriptors, whose making took a third of the time of a short command. A test compares all
    /// calls with them.</summary>
    private static RpcMethod<TReq, TRes> Method<TReq, TRes>(string service, string name, RpcKind kind)
        where TReq : class, IMessage<TReq>, new()
        where TRes : class, IMessage<TRes>, new() =>
        RpcMethod<TReq, TRes>.Named(service, name, kind, () => new TRes());

    private async Task<bool> IsHereAsync(string reference, CancellationToken ct)
    {
        if (!_here.TryGetValue(reference, out var here))
        {
            _here[reference] = here = await IsRunHereAsync(reference, ct).ConfigureAwait(false)
                || (await LocalAsync<GetInfoRequest, GetInfoResponse>("GetInfo", new GetInfoRequest(), ct)
                    .ConfigureAwait(false)).Role != NodeRole.Manager;
        }

        return here;
    }

    private async Task<bool> IsRunHereAsync(string reference, CancellationToken ct)
    {
        try
        {
            var found = await LocalAsync<InspectContainerRequest, InspectContainerResponse>(
                "InspectContainer", new InspectContainerRequest { Container = reference }, ct).ConfigureAwait(false);
            return found.Container.ServiceId.Length == 0;
        }
        catch (RpcException e) when (e.Code is RpcStatusCode.NotFound or RpcStatusCode.InvalidArgument)
        {
            return false;
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
