using System.Net;
using System.Security.Cryptography.X509Certificates;
using Swarm.Protocol.V1;
using Swarm.Rpc.Tests.Probes;

namespace Swarm.Rpc.Tests.Server;

/// <summary>A stream that was let in does not outlive the role of its caller (attacks.md PKI-5).</summary>
public sealed class RevokedStreamTests
{
    [Fact]
    public async Task Open_stream_of_a_caller_that_lost_its_role_ends_and_others_go_on()
    {
        var lost = "";
        using var pki = new TestPki();
        var options = new RpcServerOptions
        {
            Tcp = [new RpcTcpEndpoint(new(IPAddress.Loopback, 0), pki.ServerTls(pki.Issue("server", "manager")))],
            Identify = (certificate, remote) => Identify(certificate, remote, lost),
        };
        await using RpcServer server = await RpcServer.StartAsync(options, new ProbeService().Services(), default);
        await using RpcChannel first = Channel(server, pki, "m1");
        await using RpcChannel second = Channel(server, pki, "m2");
        await using DuplexCall<Note, Note> chatOfFirst = first.Duplex(ProbeMethods.Chat);
        await using DuplexCall<Note, Note> chatOfSecond = second.Duplex(ProbeMethods.Chat);
        await using IAsyncEnumerator<Note> answersToFirst = chatOfFirst.ReadAllAsync().GetAsyncEnumerator();
        await using IAsyncEnumerator<Note> answersToSecond = chatOfSecond.ReadAllAsync().GetAsyncEnumerator();
        await SayAsync(chatOfFirst, answersToFirst);
        await SayAsync(chatOfSecond, answersToSecond);

        server.RecheckPeers();
        await SayAsync(chatOfFirst, answersToFirst);

        lost = "m1";
        server.RecheckPeers();
        RpcException e = await Assert.ThrowsAsync<RpcException>(async () => await answersToFirst.MoveNextAsync());
        Assert.Equal(RpcStatusCode.PermissionDenied, e.Code);
        await SayAsync(chatOfSecond, answersToSecond);
    }

    private static async Task SayAsync(DuplexCall<Note, Note> chat, IAsyncEnumerator<Note> answers)
    {
        await chat.WriteAsync(new Note { Text = "hello" });
        Assert.True(await answers.MoveNextAsync());
    }

    private static RpcChannel Channel(RpcServer server, TestPki pki, string node) =>
        RpcChannel.ForTcp("127.0.0.1", server.TcpEndpoints[0].Port, pki.ClientTls(pki.Issue(node, "manager")));

    private static PeerIdentity? Identify(X509Certificate2? certificate, string remote, string lost) =>
        TestPki.Identify(certificate, remote) is { } peer
            ? peer.NodeId == lost ? peer with { Role = CallerRole.Worker } : peer
            : null;
}
