using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Store.Tests;

public sealed class ServiceTests
{
    private static readonly ServiceId Id = new("s");
    private readonly Log _log = new();

    [Fact]
    public void An_update_remembers_the_spec_before_and_an_equal_one_changes_nothing()
    {
        _log.Must(new StoreAction.CreateService(Id, Log.Spec("web")));
        _log.Must(new StoreAction.UpdateServiceSpec(Id, 1, Log.Spec("web", "web:2")));
        var service = _log.State.Services[Id];
        Assert.Equal((2UL, 2UL, 1UL), (service.Version, service.SpecVersion, service.PreviousSpecVersion));
        _log.Must(new StoreAction.UpdateServiceSpec(Id, 2, Log.Spec("web", "web:2")));
        Assert.Equal(service, _log.State.Services[Id]);
        Assert.Equal([1UL, 2UL], service.KeptSpecs.Keys);
    }

    [Fact]
    public void A_stale_version_is_a_conflict_that_names_the_present_one()
    {
        _log.Must(new StoreAction.CreateService(Id, Log.Spec("web")));
        _log.Must(new StoreAction.UpdateServiceSpec(Id, 1, Log.Spec("web", "web:2")));
        var outcome = _log.Do(new StoreAction.UpdateServiceSpec(Id, 1, Log.Spec("web", "web:3")));
        Assert.Equal((RefusalKind.Conflict, 2UL), (outcome.Kind!.Value, outcome.CurrentVersion));
        Assert.Equal("web:2", _log.State.Services[Id].Spec.Task.Container.Image);
    }

    /// <summary>Both would have the same number, and a task that names it one of two specs.</summary>
    [Fact]
    public void An_entry_gives_a_service_one_spec()
    {
        _log.Must(new StoreAction.CreateService(Id, Log.Spec("web")));
        var outcomes = _log.Apply(
            new StoreAction.UpdateServiceSpec(Id, 0, Log.Spec("web", "web:2")),
            new StoreAction.RollBackService(Id, 0, "x"),
            new StoreAction.UpdateServiceSpec(Id, 0, Log.Spec("web", "web:3"))).Outcomes;
        Assert.Equal([true, true, false], outcomes.Select(o => o.IsApplied));
        Assert.Equal("web:2", _log.State.Services[Id].KeptSpecs[2].Task.Container.Image);
    }

    [Fact]
    public void A_rollback_swaps_and_needs_something_to_go_back_to()
    {
        _log.Must(new StoreAction.CreateService(Id, Log.Spec("web")));
        Assert.Equal(RefusalKind.FailedPrecondition, _log.Do(new StoreAction.RollBackService(Id, 0, "x")).Kind);
        _log.Must(new StoreAction.UpdateServiceSpec(Id, 0, Log.Spec("web", "web:2")));
        _log.Must(new StoreAction.RollBackService(Id, 0, "manually requested rollback"));
        var service = _log.State.Services[Id];
        Assert.Equal(("web:1", 1UL), (service.Spec.Task.Container.Image, service.SpecVersion));
        Assert.Equal("web:2", service.PreviousSpec!.Task.Container.Image);
        Assert.Equal(UpdateStatus.Types.State.RollbackStarted, service.Update!.State);
    }

    [Fact]
    public void Names_are_one_whatever_their_case_and_free_again_after_removal()
    {
        _log.Must(new StoreAction.CreateService(Id, Log.Spec("web")));
        var other = new ServiceId("o");
        Assert.Equal(RefusalKind.NameInUse, _log.Do(new StoreAction.CreateService(other, Log.Spec("WEB"))).Kind);
        _log.Must(new StoreAction.RemoveService(Id));
        Assert.Null(_log.State.FindService("web"));
        _log.Must(new StoreAction.CreateService(other, Log.Spec("WEB")));
        Assert.Equal(other, _log.State.FindService("web")!.Id);
    }

    [Fact]
    public void A_rollback_does_not_take_a_name_that_another_service_has_got_meanwhile()
    {
        _log.Must(new StoreAction.CreateService(Id, Log.Spec("web")));
        _log.Must(new StoreAction.UpdateServiceSpec(Id, 0, Log.Spec("renamed")));
        _log.Must(new StoreAction.CreateService(new ServiceId("o"), Log.Spec("web")));
        Assert.Equal(RefusalKind.NameInUse, _log.Do(new StoreAction.RollBackService(Id, 0, "x")).Kind);
        Assert.Equal("o", _log.State.FindService("web")!.Id.Value);
    }

    [Fact]
    public void A_published_port_belongs_to_one_service()
    {
        _log.Must(new StoreAction.CreateService(Id, Log.Spec("web", "web:1", 8080)));
        var other = new ServiceId("o");
        var taken = _log.Do(new StoreAction.CreateService(other, Log.Spec("two", "web:1", 8080)));
        Assert.Equal(RefusalKind.PortInUse, taken.Kind);
        Assert.StartsWith("port '8080' is already in use by service 'web' (s) as an ingress port", taken.Message);
        var udp = Log.Spec("two", "web:1", 8080);
        udp.Endpoint.Ports[0].Protocol = PortConfig.Types.Protocol.Udp;
        _log.Must(new StoreAction.CreateService(other, udp));
        _log.Must(new StoreAction.UpdateServiceSpec(Id, 0, Log.Spec("web")));
        var host = Log.Spec("three", "web:1", 8080);
        host.Endpoint.Ports[0].PublishMode = PortConfig.Types.PublishMode.Host;
        _log.Must(new StoreAction.CreateService(new ServiceId("h"), host));
        Assert.Equal(
            RefusalKind.PortInUse,
            _log.Do(new StoreAction.UpdateServiceSpec(Id, 0, Log.Spec("web", "web:1", 8080))).Kind);
    }

    [Fact]
    public void A_port_of_host_mode_stands_in_the_way_of_an_ingress_port_as_long_as_its_service_wants_it()
    {
        var host = Log.Spec("host", "web:1", 8080);
        host.Endpoint.Ports[0].PublishMode = PortConfig.Types.PublishMode.Host;
        _log.Must(new StoreAction.CreateService(Id, host));
        var two = host.Clone();
        two.Name = "two";
        _log.Must(new StoreAction.CreateService(new ServiceId("t"), two));
        var ingress = new StoreAction.CreateService(new ServiceId("o"), Log.Spec("web", "web:1", 8080));
        Assert.Contains("as a host-mode port", _log.Do(ingress).Message);
        _log.Must(new StoreAction.RemoveService(Id));
        Assert.Equal(RefusalKind.PortInUse, _log.Do(ingress).Kind);
        _log.Must(new StoreAction.UpdateServiceSpec(new ServiceId("t"), 0, Log.Spec("two")));
        _log.Must(ingress);
    }

    [Fact]
    public void A_service_goes_after_its_tasks()
    {
        _log.Must(new StoreAction.CreateService(Id, Log.Spec("web")), new StoreAction.CreateNode(Log.Node("n")));
        _log.Must(new StoreAction.CreateTask(_log.Task("t", 1)));
        Assert.Equal(RefusalKind.FailedPrecondition, _log.Do(new StoreAction.DeleteService(Id)).Kind);
        _log.Must(new StoreAction.RemoveService(Id));
        Assert.Equal(RefusalKind.FailedPrecondition, _log.Do(new StoreAction.DeleteService(Id)).Kind);
        Assert.Equal(RefusalKind.NotFound, _log.Do(new StoreAction.CreateTask(_log.Task("u", 2))).Kind);
        _log.Must(new StoreAction.DeleteTask(new TaskId("t")), new StoreAction.DeleteService(Id));
        Assert.Empty(_log.State.Services);
    }

    [Fact]
    public void Specs_are_kept_as_long_as_a_task_names_them()
    {
        _log.Must(new StoreAction.CreateService(Id, Log.Spec("web")));
        _log.Must(new StoreAction.CreateTask(_log.Task("t", 1)));
        _log.Must(new StoreAction.UpdateServiceSpec(Id, 0, Log.Spec("web", "web:2")));
        _log.Must(new StoreAction.UpdateServiceSpec(Id, 0, Log.Spec("web", "web:3")));
        Assert.Equal(3, _log.State.Services[Id].KeptSpecs.Count);
        var version = _log.State.Services[Id].Version;
        _log.Must(new StoreAction.DeleteTask(new TaskId("t")));
        Assert.Equal(2, _log.State.Services[Id].KeptSpecs.Count);
        Assert.Equal(version, _log.State.Services[Id].Version);
    }

    [Fact]
    public void An_equal_spec_resumes_a_paused_update()
    {
        _log.Must(new StoreAction.CreateService(Id, Log.Spec("web")));
        _log.Must(new StoreAction.SetUpdateStatus(
            Id, 0, new UpdateStatusRecord(UpdateStatus.Types.State.Paused, _log.Now, null, "x")));
        _log.Must(new StoreAction.UpdateServiceSpec(Id, 0, Log.Spec("web")));
        Assert.Null(_log.State.Services[Id].Update);
        Assert.Equal(1UL, _log.State.Services[Id].SpecVersion);
    }
}
