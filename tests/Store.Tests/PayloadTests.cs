using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Store.Tests;

/// <summary>Secrets and configs: unique names, data that never changes, and nothing goes that somebody uses.</summary>
public sealed class PayloadTests
{
    private static readonly PayloadId P = new("p");
    private static readonly ServiceId S = new("s");
    private readonly Log _log = new();

    [Fact]
    public void A_name_is_given_once_in_each_kind()
    {
        _log.Must(new StoreAction.CreatePayload(Log.Payload("p", "key")));
        var twice = _log.Do(new StoreAction.CreatePayload(Log.Payload("q", "KEY")));
        Assert.Equal((RefusalKind.NameInUse, "secret KEY already exists; choose another name"),
            (twice.Kind!.Value, twice.Message));
        Assert.Equal(
            RefusalKind.AlreadyExists, _log.Do(new StoreAction.CreatePayload(Log.Payload("p", "other"))).Kind);
        _log.Must(new StoreAction.CreatePayload(Log.Payload("q", "key", PayloadKind.Config)));
        Assert.Equal("p", _log.State.FindPayload(PayloadKind.Secret, "Key")!.Id.Value);
        Assert.Equal("q", _log.State.FindPayload(PayloadKind.Config, "key")!.Id.Value);
        var restored = SnapshotCodec.Decode(SnapshotCodec.Encode(_log.State));
        Assert.Equal("p", restored.FindPayload(PayloadKind.Secret, "KEY")!.Id.Value);
        _log.Must(new StoreAction.RemovePayload(P));
        Assert.Null(_log.State.FindPayload(PayloadKind.Secret, "key"));
        Assert.NotNull(_log.State.FindPayload(PayloadKind.Config, "key"));
        _log.Must(new StoreAction.CreatePayload(Log.Payload("r", "KEY")));
        Assert.Equal("r", _log.State.FindPayload(PayloadKind.Secret, "key")!.Id.Value);
    }

    /// <summary>Who plans and who sends assignments looks at nothing else then.</summary>
    [Fact]
    public void Only_entries_about_secrets_and_configs_change_at_most_those()
    {
        Assert.True(_log.Apply(new StoreAction.CreatePayload(Log.Payload("p", "key"))).Changes.AtMostPayloads);
        var labelled = new PayloadSpec { Name = "key", Labels = { ["a"] = "b" } };
        Assert.True(_log.Apply(new StoreAction.UpdatePayloadSpec(P, 0, labelled)).Changes.AtMostPayloads);
        Assert.True(_log.Apply(new StoreAction.RemovePayload(new PayloadId("none"))).Changes.IsEmpty);
        Assert.False(_log.Apply(new StoreAction.CreateService(S, Log.Spec("web"))).Changes.AtMostPayloads);
        Assert.False(_log.Apply(new StoreAction.CreateNode(Log.Node("n"))).Changes.AtMostPayloads);
        Assert.False(_log.Apply(new StoreAction.CreateTask(_log.Task("t", 1, "n"))).Changes.AtMostPayloads);
        Assert.False(_log.Apply(
            new StoreAction.UpdatePayloadSpec(P, 0, new PayloadSpec { Name = "key" }),
            new StoreAction.RemoveService(S)).Changes.AtMostPayloads);
    }

    [Fact]
    public void Only_labels_change()
    {
        _log.Must(new StoreAction.CreatePayload(Log.Payload("p", "key")));
        var version = _log.State.Payloads[P].Version;
        var renamed = new StoreAction.UpdatePayloadSpec(P, version, new PayloadSpec { Name = "other" });
        Assert.Equal(RefusalKind.FailedPrecondition, _log.Do(renamed).Kind);
        var labelled = new PayloadSpec { Name = "key", Labels = { ["a"] = "b" } };
        _log.Must(new StoreAction.UpdatePayloadSpec(P, version, labelled));
        Assert.Equal("b", _log.State.Payloads[P].Spec.Labels["a"]);
        Assert.Equal("canary", _log.State.Payloads[P].Data.ToStringUtf8());
        var late = _log.Do(new StoreAction.UpdatePayloadSpec(P, version, new PayloadSpec { Name = "key" }));
        Assert.Equal(RefusalKind.Conflict, late.Kind);
    }

    [Fact]
    public void A_spec_names_what_is_there()
    {
        var missing = _log.Do(new StoreAction.CreateService(S, Using("p")));
        Assert.Equal((RefusalKind.NotFound, "secret not found: key"), (missing.Kind!.Value, missing.Message));
        _log.Must(new StoreAction.CreatePayload(Log.Payload("p", "key", PayloadKind.Config)));
        Assert.Equal(RefusalKind.NotFound, _log.Do(new StoreAction.CreateService(S, Using("p"))).Kind);
        _log.Must(
            new StoreAction.CreatePayload(Log.Payload("q", "key")), new StoreAction.CreateService(S, Using("q")));
        Assert.Equal(RefusalKind.NotFound, _log.Do(new StoreAction.UpdateServiceSpec(S, 0, Using("r"))).Kind);
    }

    [Fact]
    public void What_a_service_uses_stays()
    {
        _log.Must(
            new StoreAction.CreatePayload(Log.Payload("p", "key")), new StoreAction.CreateService(S, Using("p")));
        var used = _log.Do(new StoreAction.RemovePayload(P));
        Assert.Equal((RefusalKind.InUse, "secret 'key' is in use by the following service: web"),
            (used.Kind!.Value, used.Message));
        _log.Must(new StoreAction.RemoveService(S));
        _log.Must(new StoreAction.RemovePayload(P));
        Assert.Equal(RefusalKind.NotFound, _log.Do(new StoreAction.RemovePayload(P)).Kind);
    }

    [Fact]
    public void Tasks_of_an_older_spec_and_an_update_that_may_go_back_use_it_too()
    {
        _log.Must(
            new StoreAction.CreateNode(Log.Node("n")), new StoreAction.CreatePayload(Log.Payload("p", "key")),
            new StoreAction.CreateService(S, Using("p")));
        _log.Must(new StoreAction.CreateTask(_log.Task("t", 1, "n")));
        _log.Must(new StoreAction.UpdateServiceSpec(S, 0, Log.Spec("web")));
        Assert.Equal(RefusalKind.InUse, _log.Do(new StoreAction.RemovePayload(P)).Kind);
        _log.Must(new StoreAction.SetDesiredState(new TaskId("t"), 0, TaskState.Shutdown));
        Update(UpdateStatus.Types.State.Updating);
        Assert.Equal(RefusalKind.InUse, _log.Do(new StoreAction.RemovePayload(P)).Kind);
        Update(UpdateStatus.Types.State.Completed);
        _log.Must(new StoreAction.RemovePayload(P));
    }

    [Fact]
    public void What_happens_is_told_and_survives_a_snapshot()
    {
        _log.Must(new StoreAction.SetCluster(Golden.Cluster()));
        var made = _log.Apply(new StoreAction.CreatePayload(Log.Payload("p", "key"))).Changes.Payloads;
        Assert.Equal((null, "key"), (made.Single().Before, made.Single().After!.Spec.Name));
        var copy = SnapshotCodec.Decode(SnapshotCodec.Encode(_log.State));
        Assert.Equal((_log.State.Hash128, "canary"), (copy.Hash128, copy.Payloads[P].Data.ToStringUtf8()));
        var gone = _log.Apply(new StoreAction.RemovePayload(P)).Changes.Payloads;
        Assert.Null(gone.Single().After);
    }

    [Fact]
    public void What_it_holds_is_never_shown()
    {
        var payload = Log.Payload("p", "key");
        Assert.DoesNotContain("canary", payload.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(payload.Data.ToBase64(), payload.ToString(), StringComparison.Ordinal);
        Assert.True(Views.ToView(payload).Data.IsEmpty);
    }

    private void Update(UpdateStatus.Types.State state) => _log.Must(
        new StoreAction.SetUpdateStatus(S, 0, new UpdateStatusRecord(state, _log.Now, null, "")));

    private static ServiceSpec Using(string id)
    {
        var spec = Log.Spec("web");
        spec.Task.Container.Secrets.Add(new PayloadReference { Id = id, Name = "key" });
        return spec;
    }
}
