using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Swarm.Rpc.Tests.Client;

/// <summary>An HTTP/2 server that answers as a test tells it to, right or wrong.</summary>
internal sealed class OddServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly string _folder;

    private OddServer(WebApplication app, string folder)
    {
        _app = app;
        _folder = folder;
        Channel = RpcChannel.ForUnixSocket(Path.Combine(folder, "odd.sock"));
    }

    public RpcChannel Channel { get; }

    public static async Task<OddServer> StartAsync(RequestDelegate answer)
    {
        string folder = Directory.CreateTempSubdirectory("swarm-rpc-odd-").FullName;
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(
            k => k.ListenUnixSocket(Path.Combine(folder, "odd.sock"), l => l.Protocols = HttpProtocols.Http2));
        WebApplication app = builder.Build();
        app.Run(answer);
        await app.StartAsync();
        return new OddServer(app, folder);
    }

    public async ValueTask DisposeAsync()
    {
        await Channel.DisposeAsync();
        await _app.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
