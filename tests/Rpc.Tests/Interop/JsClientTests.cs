using System.Diagnostics;

namespace Swarm.Rpc.Tests.Interop;

/// <summary>grpc-js calls our server.</summary>
[Collection(NodeCollection.Name)]
public sealed class JsClientTests(NodePackage node)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static TheoryData<string, string> Cases()
    {
        var data = new TheoryData<string, string>();
        foreach (string name in new[]
        {
            "empty", "large", "server_stream", "server_stream_status", "empty_stream", "client_stream",
            "client_stream_refused", "duplex", "status", "metadata", "deadline", "cancel", "too_large",
            "answer_too_large", "compressed", "unknown_method",
        })
        {
            data.Add("unix", name);
            data.Add("tcp", name);
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Case_passes(string transport, string name)
    {
        await using ProbeHost host = await ProbeHost.StartAsync();
        using var pem = new PemFiles(host.Pki, "manager");
        using Process client = transport == "unix"
            ? node.Run("client.js", $"unix:{host.SocketPath}", name)
            : node.Run("client.js", [$"127.0.0.1:{host.Port}", name, .. pem.Arguments]);
        string errors = await client.StandardError.ReadToEndAsync().WaitAsync(Patience);
        await client.WaitForExitAsync().WaitAsync(Patience);
        Assert.Equal((0, ""), (client.ExitCode, errors));
        if (name is "deadline" or "cancel")
            await host.Probe.Cancelled.WaitAsync(Patience);
    }
}
