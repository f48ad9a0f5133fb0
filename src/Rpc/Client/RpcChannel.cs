using System.Net;
using System.Net.Http;
using System.Net.Security;
using System.Net.Sockets;
using Google.Protobuf;
using Swarm.Rpc.Client;

namespace Swarm.Rpc;

/// <summary>
/// Calls to one server. Connects when needed, again after a loss, and with another connection when the streams of
/// one are all in use. Nothing is retried here: a failed call is the caller's to repeat.
/// </summary>
public sealed class RpcChannel : IAsyncDisposable
{
    private readonly HttpMessageInvoker _http;
    private readonly CancellationTokenSource _closed = new();
    private int _calls;

    private RpcChannel(
        string target, Uri baseUri, Func<EndPoint> endpoint, Func<SslClientAuthenticationOptions>? tls,
        RpcChannelOptions? options)
    {
        Target = target;
        BaseUri = baseUri;
        Options = options ?? new RpcChannelOptions();
        Closed = _closed.Token;
        var connector = new Connector(target, endpoint, tls, Options.ConnectTimeout);
        _http = new HttpMessageInvoker(new SocketsHttpHandler
        {
            ConnectCallback = (_, ct) => connector.ConnectAsync(ct),
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,
            EnableMultipleHttp2Connections = true,
            PooledConnectionIdleTimeout = Options.IdleTimeout,
            KeepAlivePingDelay = Options.KeepAlivePingDelay,
            KeepAlivePingTimeout = Options.KeepAlivePingTimeout,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
        });
    }

    /// <summary><c>HOST:PORT</c> or <c>unix:PATH</c>, for messages.</summary>
    public string Target { get; }

    internal Uri BaseUri { get; }

    internal RpcChannelOptions Options { get; }

    internal CancellationToken Closed { get; }

    public static RpcChannel ForUnixSocket(string path, RpcChannelOptions? options = null) => new(
        $"unix:{path}", new Uri("http://localhost/"), () => new UnixDomainSocketEndPoint(path), null, options);

    /// <param name="host">Name or address; IPv6 without brackets.</param>
    /// <param name="port">1 to 65535.</param>
    /// <param name="tls">Asked once per connection, each call must return a new object. It decides whom to trust
    /// (TargetHost, CertificateChainPolicy, client certificate); the channel adds HTTP/2 and switches resumption,
    /// renegotiation and anything below TLS 1.2 off.</param>
    /// <param name="options">Null: the defaults.</param>
    public static RpcChannel ForTcp(
        string host, int port, Func<SslClientAuthenticationOptions> tls, RpcChannelOptions? options = null)
    {
        EndPoint endpoint = IPAddress.TryParse(host, out IPAddress? address)
            ? new IPEndPoint(address, port)
            : new DnsEndPoint(host, port);
        string target = host.Contains(':') ? $"[{host}]:{port}" : $"{host}:{port}";
        return new RpcChannel(target, new Uri($"https://swarm-manager:{port}/"), () => endpoint, tls, options);
    }

    /// <exception cref="RpcException">What the server answered, or why it could not be asked.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="ct"/> was cancelled.</exception>
    public async Task<TResponse> UnaryAsync<TRequest, TResponse>(
        RpcMethod<TRequest, TResponse> method, TRequest request, CallOptions? options = null,
        CancellationToken ct = default)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        method.Require(RpcKind.Unary);
        await using var call = new ClientCall(this, options, ct);
        call.Send(method.Path, RequestBuilder.Single(request, Options.MaxMessageBytes));
        return await Answers.SingleAsync(call, method.ResponseParser).ConfigureAwait(false);
    }

    public ServerStreamCall<TResponse> ServerStream<TRequest, TResponse>(
        RpcMethod<TRequest, TResponse> method, TRequest request, CallOptions? options = null,
        CancellationToken ct = default)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        method.Require(RpcKind.ServerStream);
        ByteArrayContent content = RequestBuilder.Single(request, Options.MaxMessageBytes);
        return new ServerStreamCall<TResponse>(Start(method.Path, content, options, ct), method.ResponseParser);
    }

    public ClientStreamCall<TRequest, TResponse> ClientStream<TRequest, TResponse>(
        RpcMethod<TRequest, TResponse> method, CallOptions? options = null, CancellationToken ct = default)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        method.Require(RpcKind.ClientStream);
        var content = new PushContent();
        ClientCall call = Start(method.Path, content, options, ct);
        return new(call, new RequestStream(call, content, Options.MaxMessageBytes), method.ResponseParser);
    }

    public DuplexCall<TRequest, TResponse> Duplex<TRequest, TResponse>(
        RpcMethod<TRequest, TResponse> method, CallOptions? options = null, CancellationToken ct = default)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        method.Require(RpcKind.Duplex);
        var content = new PushContent();
        ClientCall call = Start(method.Path, content, options, ct);
        return new(call, new RequestStream(call, content, Options.MaxMessageBytes), method.ResponseParser);
    }

    /// <summary>Ends all calls with UNAVAILABLE and closes the connections.</summary>
    public async ValueTask DisposeAsync()
    {
        await _closed.CancelAsync().ConfigureAwait(false);
        _http.Dispose();
    }

    internal void Enter()
    {
        if (Interlocked.Increment(ref _calls) > Options.MaxCalls)
        {
            Leave();
            throw new RpcException(
                RpcStatusCode.ResourceExhausted, $"{Options.MaxCalls} calls to {Target} are open already");
        }
    }

    internal void Leave() => Interlocked.Decrement(ref _calls);

    internal Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken ct) =>
        _http.SendAsync(request, ct);

    private ClientCall Start(string path, HttpContent content, CallOptions? options, CancellationToken ct)
    {
        var call = new ClientCall(this, options, ct);
        try
        {
            call.Send(path, content);
            call.Watch(content as PushContent);
            return call;
        }
        catch
        {
            _ = call.DisposeAsync().AsTask();
            throw;
        }
    }
}
