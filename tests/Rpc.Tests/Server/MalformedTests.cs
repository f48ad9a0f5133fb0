using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;

namespace Swarm.Rpc.Tests.Server;

/// <summary>Requests that no decent client sends, made by hand.</summary>
public sealed class MalformedTests
{
    private const string Echo = "/swarm.rpc.probe.Probe/Echo";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static TheoryData<string, byte[], string> Bodies => new()
    {
        { "empty", [], "12" },
        { "half a prefix", [0, 0, 0], "13" },
        { "half a message", [0, 0, 0, 0, 9, 10], "13" },
        { "claims 2^31", [0, 0x80, 0, 0, 0, 1], "8" },
        { "claims 2^32-1", [0, 255, 255, 255, 255], "8" },
        { "claims 4 MiB + 1", [0, 0, 0x40, 0, 1], "8" },
        { "compressed", [1, 0, 0, 0, 0], "13" },
        { "unknown flags", [0x80, 0, 0, 0, 0], "13" },
        { "two messages", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0], "12" },
        { "not protobuf", [0, 0, 0, 0, 3, 0xff, 0xff, 0xff], "13" },
        { "wrong length inside", [0, 0, 0, 0, 2, 10, 200], "13" },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task Body_gets_its_status(string what, byte[] body, string status)
    {
        Assert.NotEmpty(what);
        await using ProbeHost host = await ProbeHost.StartAsync();
        using HttpMessageInvoker http = Raw(host);
        using HttpRequestMessage request = Request(Echo, body);
        using HttpResponseMessage response = await http.SendAsync(request, default);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(status, response.Headers.GetValues("grpc-status").Single());
        Assert.NotEmpty(response.Headers.GetValues("grpc-message").Single());
        Assert.Equal(0, host.Probe.Calls);
    }

    [Theory]
    [InlineData("grpc-encoding", "gzip", "12")]
    [InlineData("grpc-timeout", "abc", "3")]
    [InlineData("grpc-timeout", "123456789S", "3")]
    [InlineData("grpc-timeout", "-1S", "3")]
    [InlineData("grpc-timeout", "0n", "4")]
    [InlineData("grpc-timeout", "99999999H", "0")]
    [InlineData("grpc-encoding", "identity", "0")]
    public async Task Header_gets_its_status(string name, string value, string status)
    {
        await using ProbeHost host = await ProbeHost.StartAsync();
        using HttpMessageInvoker http = Raw(host);
        using HttpRequestMessage request = Request(Echo, [0, 0, 0, 0, 0]);
        request.Headers.TryAddWithoutValidation(name, value);
        using HttpResponseMessage response = await http.SendAsync(request, default);
        await response.Content.ReadAsByteArrayAsync();
        IEnumerable<string> values = response.Headers.TryGetValues("grpc-status", out IEnumerable<string>? only)
            ? only
            : response.TrailingHeaders.GetValues("grpc-status");
        Assert.Equal(status, values.Single());
        if (value == "gzip")
            Assert.Equal("identity", response.Headers.GetValues("grpc-accept-encoding").Single());
    }

    [Theory]
    [InlineData("GET", "application/grpc", 405)]
    [InlineData("POST", "application/json", 415)]
    [InlineData("POST", "application/grpc-web", 415)]
    [InlineData("POST", "application/grpc+json", 415)]
    [InlineData("POST", "application/grpc+proto", 200)]
    public async Task What_is_not_grpc_gets_an_http_status(string verb, string type, int status)
    {
        await using ProbeHost host = await ProbeHost.StartAsync();
        using HttpMessageInvoker http = Raw(host);
        using HttpRequestMessage request = Request(Echo, [0, 0, 0, 0, 0], type);
        request.Method = new HttpMethod(verb);
        if (verb == "GET")
            request.Content = null;
        using HttpResponseMessage response = await http.SendAsync(request, default);
        Assert.Equal(status, (int)response.StatusCode);
    }

    [Theory]
    [InlineData("/swarm.rpc.probe.Probe/None")]
    [InlineData("/swarm.rpc.probe.probe/Echo")]
    [InlineData("/swarm.rpc.probe.Probe/Echo/")]
    [InlineData("/")]
    public async Task Unknown_method_is_unimplemented(string path)
    {
        await using ProbeHost host = await ProbeHost.StartAsync();
        using HttpMessageInvoker http = Raw(host);
        using HttpRequestMessage request = Request(path, []);
        using HttpResponseMessage response = await http.SendAsync(request, default);
        Assert.Equal("12", response.Headers.GetValues("grpc-status").Single());
    }

    [Fact]
    public async Task Message_that_never_completes_is_given_up()
    {
        await using ProbeHost host = await ProbeHost.StartAsync(
            new RpcServerLimits { MessageTimeout = TimeSpan.FromMilliseconds(300) });
        using HttpMessageInvoker http = Raw(host);
        foreach (string path in new[] { Echo, "/swarm.rpc.probe.Probe/Chat" })
        {
            using HttpRequestMessage request = Request(path, []);
            request.Content = new Trickle([0, 0, 0, 0, 9, 10]);
            using HttpResponseMessage response = await http.SendAsync(request, default).WaitAsync(Patience);
            Assert.Equal("4", response.Headers.GetValues("grpc-status").Single());
        }
    }

    [Fact]
    public async Task Garbage_and_silence_on_the_sockets_leave_the_server_well()
    {
        await using ProbeHost host = await ProbeHost.StartAsync(
            new RpcServerLimits { HandshakeTimeout = TimeSpan.FromMilliseconds(500) });
        byte[] noise = new byte[5000];
        new Random(1).NextBytes(noise);
        byte[] preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray();
        byte[][] inputs = [noise, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray(), [.. preface, .. noise]];
        foreach (byte[] input in inputs)
        {
            await SendAndWaitForEnd(new UnixDomainSocketEndPoint(host.SocketPath), input);
            await SendAndWaitForEnd(new IPEndPoint(IPAddress.Loopback, host.Port), input);
        }
        await SendAndWaitForEnd(new IPEndPoint(IPAddress.Loopback, host.Port), []);
        await host.Unix().UnaryAsync(ProbeMethods.Echo, new Probes.Note());
        await host.Tcp().UnaryAsync(ProbeMethods.Echo, new Probes.Note());
    }

    [Fact]
    public async Task Connections_are_bounded_per_endpoint()
    {
        await using ProbeHost host = await ProbeHost.StartAsync(
            new RpcServerLimits { MaxUnixConnections = 2, MaxConnectionsPerAddress = 1 });
        RpcChannel first = host.Unix();
        await first.UnaryAsync(ProbeMethods.Echo, new Probes.Note());
        await host.Unix().UnaryAsync(ProbeMethods.Echo, new Probes.Note());
        await Assert.ThrowsAsync<RpcException>(() => host.Unix().UnaryAsync(ProbeMethods.Echo, new Probes.Note()));
        await host.Tcp().UnaryAsync(ProbeMethods.Echo, new Probes.Note());
        await Assert.ThrowsAsync<RpcException>(() => host.Tcp().UnaryAsync(ProbeMethods.Echo, new Probes.Note()));
        await first.UnaryAsync(ProbeMethods.Echo, new Probes.Note());
    }

    [Fact]
    public async Task Caller_without_certificate_has_a_smaller_limit()
    {
        await using ProbeHost host = await ProbeHost.StartAsync();
        var note = new Probes.Note { Payload = Google.Protobuf.ByteString.CopyFrom(new byte[70_000]) };
        RpcException e = await Assert.ThrowsAsync<RpcException>(
            () => host.Tcp(null).UnaryAsync(ProbeMethods.Echo, note));
        Assert.Equal(RpcStatusCode.ResourceExhausted, e.Code);
        Assert.Equal(note, await host.Tcp("worker").UnaryAsync(ProbeMethods.Echo, note));
    }

    private static async Task SendAndWaitForEnd(EndPoint to, byte[] input)
    {
        using var socket = to is UnixDomainSocketEndPoint
            ? new Socket(AddressFamily.Unix, SocketType.Stream, default)
            : new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(to);
        var buffer = new byte[4096];
        try
        {
            await socket.SendAsync(input);
            using var limit = new CancellationTokenSource(Patience);
            while (await socket.ReceiveAsync(buffer, limit.Token) > 0)
            {
                Assert.NotEmpty(buffer);
            }
        }
        catch (SocketException e)
        {
            Assert.Contains(e.SocketErrorCode, new[] { SocketError.ConnectionReset, SocketError.Shutdown });
        }
    }

    private static HttpMessageInvoker Raw(ProbeHost host) => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, ct) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, default);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(host.SocketPath), ct);
            return new NetworkStream(socket, ownsSocket: true);
        },
    });

    private static HttpRequestMessage Request(string path, byte[] body, string type = "application/grpc") => new(
        HttpMethod.Post, "http://localhost" + path)
    {
        Version = HttpVersion.Version20,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue(type) } },
    };

    /// <summary>Sends some bytes and then nothing, without an end.</summary>
    private sealed class Trickle : HttpContent
    {
        private readonly byte[] _start;

        public Trickle(byte[] start)
        {
            _start = start;
            Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, default);

        protected override async Task SerializeToStreamAsync(
            Stream stream, TransportContext? context, CancellationToken ct)
        {
            await stream.WriteAsync(_start, ct);
            await stream.FlushAsync(ct);
            await Task.Delay(Timeout.Infinite, ct);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
