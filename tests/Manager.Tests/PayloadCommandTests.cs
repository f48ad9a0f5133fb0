using Google.Protobuf;
using Swarm.Protocol.V1;
using Swarm.Rpc;

namespace Swarm.Manager.Tests;

/// <summary>Secrets and configs of a real manager: what is asked, what is answered, what is refused.</summary>
public sealed class PayloadCommandTests
{
    private const string Canary = "canary-7391";

    [Fact]
    public async Task What_a_secret_holds_is_in_no_answer_and_on_no_disk()
    {
        await using var one = await OneManager.StartSealedAsync();
        var request = one.Marked(Create(PayloadKind.Secret, "key", Canary));
        var made = await CreateAsync(one, request);
        Assert.Equal(made, await CreateAsync(one, request));
        await CreateAsync(one, one.Marked(Create(PayloadKind.Config, "key", "for everybody")));
        var secret = (await GetAsync(one, PayloadKind.Secret, "key")).Payload;
        Assert.Equal((made.Id, 0), (secret.Id, secret.Data.Length));
        Assert.Equal("for everybody", (await GetAsync(one, PayloadKind.Config, "key")).Payload.Data.ToStringUtf8());
        var list = await one.CallAsync<ListPayloadsRequest, ListPayloadsResponse>(
            "ListPayloads", new ListPayloadsRequest { Kind = PayloadKind.Secret, Names = { "k" } });
        Assert.Equal(made.Id, list.Payloads.Single().Id);
        Assert.True(list.Payloads.Single().Data.IsEmpty);
        await one.RestartAsync();
        // An answer means that what was in the log has been applied again.
        Assert.Equal(made.Id, (await GetAsync(one, PayloadKind.Secret, "key")).Payload.Id);
        Assert.Equal(Canary, one.Node.State.Payloads.Values.Single(
            p => p.Kind == PayloadKind.Secret).Data.ToStringUtf8());
        await one.StopAsync();
        foreach (var file in Directory.EnumerateFiles(one.Data, "*", SearchOption.AllDirectories))
        {
            Assert.True((await File.ReadAllBytesAsync(file)).AsSpan().IndexOf("canary-7391"u8) < 0, file);
        }
    }

    [Fact]
    public async Task It_goes_only_when_nobody_uses_it()
    {
        await using var one = await OneManager.StartAsync();
        var made = await CreateAsync(one, one.Marked(Create(PayloadKind.Secret, "key", Canary)));
        var service = one.Marked(OneManager.Create("web"));
        var reference = new PayloadReference { Id = "nosuch", Name = "key" };
        service.Spec.Task.Container.Secrets.Add(reference);
        var missing = await Refused(() => CreateAsync(one, service));
        Assert.Equal(RpcStatusCode.NotFound, missing.Code);
        Assert.Contains("secret not found: key", missing.Message);
        reference.Id = made.Id;
        await CreateAsync(one, service);
        var used = await Refused(() => RemoveAsync(one, "key"));
        Assert.Equal(RpcStatusCode.FailedPrecondition, used.Code);
        Assert.Contains("secret 'key' is in use by the following service: web", used.Message);
        await one.CallAsync<RemoveServiceRequest, RemoveServiceResponse>(
            "RemoveService", one.Marked(new RemoveServiceRequest { Ref = "web" }));
        Assert.Equal(made.Id, (await RemoveAsync(one, made.Id[..8])).Id);
        Assert.Empty(one.Node.State.Payloads);
    }

    [Fact]
    public async Task Faults_name_everything_but_the_data()
    {
        await using var one = await OneManager.StartAsync();
        var bad = await Refused(() => CreateAsync(one, Create(PayloadKind.Secret, "../x", "")));
        Assert.Equal(RpcStatusCode.InvalidArgument, bad.Code);
        Assert.Contains("invalid name", bad.Message);
        Assert.Contains("larger than 0", bad.Message);
        var large = await Refused(() => CreateAsync(
            one, Create(PayloadKind.Secret, "large", Canary + new string('x', 512_000))));
        Assert.DoesNotContain(Canary, large.Message);
        await CreateAsync(one, Create(PayloadKind.Secret, "key", Canary));
        var taken = await Refused(() => CreateAsync(one, Create(PayloadKind.Secret, "Key", Canary)));
        Assert.Equal(RpcStatusCode.AlreadyExists, taken.Code);
        Assert.DoesNotContain(Canary, taken.Message);
    }

    [Fact]
    public async Task Labels_change_by_version_and_events_tell_it()
    {
        await using var one = await OneManager.StartAsync();
        await using var watch = one.Watch(new WatchRequest { Types_ = { "secret" }, Secrets = { "key" } });
        await using var messages = watch.ReadAllAsync(default).GetAsyncEnumerator();
        Assert.True(await messages.MoveNextAsync());
        var made = await CreateAsync(one, Create(PayloadKind.Secret, "key", Canary));
        var change = new UpdatePayloadRequest
        {
            Kind = PayloadKind.Secret, Id = made.Id, Version = made.Version,
            Spec = new PayloadSpec { Name = "key", Labels = { ["a"] = "b" } },
        };
        await one.CallAsync<UpdatePayloadRequest, UpdatePayloadResponse>("UpdatePayload", one.Marked(change.Clone()));
        change.Spec.Labels["a"] = "c";
        var late = await Refused(() => one.CallAsync<UpdatePayloadRequest, UpdatePayloadResponse>(
            "UpdatePayload", one.Marked(change)));
        Assert.Equal(RpcStatusCode.Aborted, late.Code);
        await RemoveAsync(one, "key");
        foreach (var action in new[] { "create", "update", "remove" })
        {
            Assert.True(await messages.MoveNextAsync());
            var told = messages.Current.Events.Single();
            Assert.Equal((action, made.Id, "key"), (told.Action, told.Id, told.Attributes["name"]));
            Assert.Single(told.Attributes);
        }
    }

    private static CreatePayloadRequest Create(PayloadKind kind, string name, string data) => new()
    {
        Kind = kind, Spec = new PayloadSpec { Name = name }, Data = ByteString.CopyFromUtf8(data),
    };

    private static Task<CreatePayloadResponse> CreateAsync(OneManager one, CreatePayloadRequest request) =>
        one.CallAsync<CreatePayloadRequest, CreatePayloadResponse>("CreatePayload", request);

    private static Task<CreateServiceResponse> CreateAsync(OneManager one, CreateServiceRequest request) =>
        one.CallAsync<CreateServiceRequest, CreateServiceResponse>("CreateService", request);

    private static Task<GetPayloadResponse> GetAsync(OneManager one, PayloadKind kind, string name) =>
        one.CallAsync<GetPayloadRequest, GetPayloadResponse>(
            "GetPayload", new GetPayloadRequest { Kind = kind, Ref = name });

    private static Task<RemovePayloadResponse> RemoveAsync(OneManager one, string name) =>
        one.CallAsync<RemovePayloadRequest, RemovePayloadResponse>(
            "RemovePayload", one.Marked(new RemovePayloadRequest { Kind = PayloadKind.Secret, Ref = name }));

    private static Task<RpcException> Refused<T>(Func<Task<T>> call) => Assert.ThrowsAsync<RpcException>(call);
}
