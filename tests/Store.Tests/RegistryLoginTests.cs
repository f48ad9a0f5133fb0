using Swarm.Model;

namespace Swarm.Store.Tests;

/// <summary>Credentials that a service carries: kept by updates without any, replaced, gone with the service.</summary>
public sealed class RegistryLoginTests
{
    private static readonly ServiceId S = new("s");
    private static readonly RegistryLogin One = new("one.test", "ci", "canary-1");
    private static readonly RegistryLogin Two = new("two.test", "ci", "canary-2");
    private readonly Log _log = new();

    private IEnumerable<RegistryLogin> Kept => _log.State.Services[S].Registries;

    [Fact]
    public void An_update_without_any_keeps_them_and_a_newer_one_replaces_that_of_its_host()
    {
        _log.Must(new StoreAction.CreateService(S, Log.Spec("web", "one.test/web:1")) { Registry = One });
        Assert.Equal([One], Kept);
        _log.Must(new StoreAction.UpdateServiceSpec(S, 0, Log.Spec("web", "one.test/web:2")));
        Assert.Equal([One], Kept);
        var newer = One with { Password = "canary-3" };
        var version = _log.State.Services[S].SpecVersion;
        _log.Must(new StoreAction.UpdateServiceSpec(S, 0, Log.Spec("web", "one.test/web:2")) { Registry = newer });
        Assert.Equal([newer], Kept);
        Assert.Equal(version, _log.State.Services[S].SpecVersion);
    }

    [Fact]
    public void That_of_the_image_before_stays_for_the_way_back()
    {
        _log.Must(new StoreAction.CreateService(S, Log.Spec("web", "one.test/web:1")) { Registry = One });
        _log.Must(new StoreAction.UpdateServiceSpec(S, 0, Log.Spec("web", "two.test/web:1")) { Registry = Two });
        Assert.Equal([Two, One], Kept);
        _log.Must(new StoreAction.RollBackService(S, 0, "back"));
        Assert.Equal([Two, One], Kept);
        var three = new RegistryLogin("three.test", "ci", "canary-3");
        _log.Must(new StoreAction.UpdateServiceSpec(S, 0, Log.Spec("web", "three.test/web:1")) { Registry = three });
        Assert.Equal([three, Two], Kept);
    }

    [Fact]
    public void They_go_when_the_service_is_removed_and_are_never_printed()
    {
        var create = new StoreAction.CreateService(S, Log.Spec("web", "one.test/web:1")) { Registry = One };
        _log.Must(create);
        Assert.DoesNotContain("canary", create.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("canary", _log.State.Services[S].ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("canary", Views.ToView(_log.State.Services[S]).ToString(), StringComparison.Ordinal);
        _log.Must(new StoreAction.CreateTask(_log.Task("t", 1)));
        _log.Must(new StoreAction.RemoveService(S));
        Assert.Empty(Kept);
    }

    [Theory]
    [InlineData("", "ci", "word")]
    [InlineData("a/b", "ci", "word")]
    [InlineData("one.test", "c:i", "word")]
    [InlineData("one.test", "", "word")]
    [InlineData("one.test", "ci", "")]
    public void What_is_no_login_is_refused_without_showing_it(string host, string user, string password)
    {
        var fault = Assert.Single(RegistryLogin.Check(new() { Host = host, User = user, Password = password }));
        Assert.DoesNotContain("word'", fault.ToString(), StringComparison.Ordinal);
        Assert.Empty(RegistryLogin.Check(new() { Host = "one.test:5000", User = "ci", Password = "word" }));
        Assert.Empty(RegistryLogin.Check(null));
    }
}
