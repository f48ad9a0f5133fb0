using Swarm.Model;

namespace Swarm.Store.Tests;

public sealed class SpecSharingTests
{
    private static readonly ServiceId Id = new("s");
    private readonly Log _log = new();

    public SpecSharingTests() => _log.Must(new StoreAction.CreateService(Id, Log.Spec("web")));

    [Fact]
    public void An_update_that_leaves_the_task_as_it_is_keeps_one_document_of_it()
    {
        var known = _log.State.Services[Id].Spec.Task;
        var next = Log.Spec("web");
        next.Labels["a"] = "b";
        Assert.True(Apply(next).IsApplied);
        var service = _log.State.Services[Id];
        Assert.Same(known, service.Spec.Task);
        Assert.Equal("b", service.Spec.Labels["a"]);
        Assert.Empty(service.PreviousSpec!.Labels);
    }

    [Fact]
    public void Another_task_is_its_own_document()
    {
        var known = _log.State.Services[Id].Spec.Task;
        Assert.True(Apply(Log.Spec("web", "web:2")).IsApplied);
        var service = _log.State.Services[Id];
        Assert.Equal("web:2", service.Spec.Task.Container.Image);
        Assert.Same(known, service.PreviousSpec!.Task);
    }

    [Fact]
    public void A_state_that_shares_is_the_state_that_does_not()
    {
        var plain = new Log();
        plain.Must(new StoreAction.CreateService(Id, Log.Spec("web")));
        for (var i = 0; i < 5; i++)
        {
            var next = Log.Spec("web", i % 2 == 0 ? "web:1" : "web:2");
            next.Labels["n"] = $"{i}";
            plain.Must(new StoreAction.UpdateServiceSpec(Id, 0, next.Clone()));
            Assert.True(Apply(next).IsApplied);
            Assert.Equal(plain.State.Hash128, _log.State.Hash128);
        }
    }

    [Fact]
    public void Nothing_happens_to_an_update_of_what_is_not_there()
    {
        var entry = StoreEntry.Of(_log.Now, new StoreAction.UpdateServiceSpec(new ServiceId("none"), 0, Log.Spec("x")));
        SpecSharing.Share(entry, _log.State);
        Assert.Equal(entry, StoreEntry.Of(_log.Now, entry.Actions[0]) with { Actions = entry.Actions });
    }

    private ActionOutcome Apply(Protocol.V1.ServiceSpec next)
    {
        var update = new StoreAction.UpdateServiceSpec(Id, 0, next);
        SpecSharing.Share(StoreEntry.Of(_log.Now, update), _log.State);
        return _log.Do(update);
    }
}
