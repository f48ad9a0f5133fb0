using System.Diagnostics;
using System.Globalization;

namespace Swarm.Rpc.Tests.Interop;

/// <summary>A running grpc-js server and a channel to it.</summary>
internal sealed class JsServer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly Process _process;
    private readonly string _folder;
    private readonly PemFiles? _pem;
    private readonly TestPki _pki;

    private JsServer(Process process, string folder, TestPki pki, PemFiles? pem)
    {
        _process = process;
        _folder = folder;
        _pki = pki;
        _pem = pem;
    }

    public RpcChannel Channel { get; private set; } = null!;

    public static async Task<JsServer> StartAsync(NodePackage node, string transport, RpcChannelOptions? options = null)
    {
        string folder = Directory.CreateTempSubdirectory("swarm-rpc-js-").FullName;
        var pki = new TestPki();
        PemFiles? pem = transport == "tcp" ? new PemFiles(pki, "manager") : null;
        string socket = Path.Combine(folder, "js.sock");
        Process process = pem is null
            ? node.Run("server.js", $"unix:{socket}")
            : node.Run("server.js", ["127.0.0.1:0", .. pem.Arguments]);
        var server = new JsServer(process, folder, pki, pem);
        string line = await server.ReadLineAsync();
        server.Channel = pem is null
            ? RpcChannel.ForUnixSocket(socket, options)
            : RpcChannel.ForTcp(
                "127.0.0.1", int.Parse(line.AsSpan("port ".Length), CultureInfo.InvariantCulture),
                pki.ClientTls(pki.Issue("n1", "manager")), options);
        return server;
    }

    public async Task<string> ReadLineAsync() =>
        await _process.StandardOutput.ReadLineAsync().WaitAsync(Patience)
        ?? throw new InvalidOperationException(await _process.StandardError.ReadToEndAsync());

    public async ValueTask DisposeAsync()
    {
        if (Channel is not null)
            await Channel.DisposeAsync();
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _pem?.Dispose();
        _pki.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
