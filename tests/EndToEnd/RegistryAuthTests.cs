namespace Swarm.EndToEnd;

/// <summary>A service brings the password of its registry to nodes that were never told it.</summary>
[Collection(LabCollection.Name)]
public sealed class RegistryAuthTests : IDisposable
{
    private const string Locked = "10.99.0.5:5001";
    private const string Password = "canary-of-the-locked-registry-6174";
    private const int ConvergeSeconds = 60;
    private readonly Lab lab;

    public RegistryAuthTests(Lab lab)
    {
        this.lab = lab;
        lab.Reset();
        lab.Ctl("n4", "image", "prune", "--all", "--force").Expect();
    }

    public void Dispose()
    {
        lab.Ctl("n2", "logout", Locked);
        lab.Ctl("n1", "service", "rm", "own");
    }

    [Fact]
    public void It_is_used_on_the_tasks_node_and_lies_nowhere_else()
    {
        lab.CtlReads("n2", Password, "login", "-u", "joe", "--password-stdin", Locked).Expect();
        string[] own =
        [
            "service", "create", "--name", "own", "--constraint", "node.hostname==n4", "--restart-delay", "1s",
            "--no-resolve-image", "--detach",
        ];
        lab.Ctl("n2", [.. own, $"{Locked}/demo/web:1"]).Expect();
        Wait.Until(
            "n4 gets no image", ConvergeSeconds,
            () => lab.ServiceText("n1", "own").Contains("access denied", StringComparison.Ordinal),
            () => lab.ServiceText("n1", "own"));
        // Told to one manager, for whichever leads.
        lab.Ctl("n2", "service", "update", "--update-monitor", "1s", "--with-registry-auth", "--force", "own").Expect();
        Assert.Equal("n4", lab.Running("n1", "own").Single().Node);
        lab.Ctl("n4", "image", "prune", "--all", "--force").Expect();
        lab.Ctl("n1", "service", "update", "--update-monitor", "1s", "--image", $"{Locked}/demo/web:2", "own").Expect();
        Assert.Equal("n4", lab.Running("n1", "own").Single().Node);

        foreach (var show in new[]
        {
            lab.Ctl("n1", "service", "inspect", "own"), lab.Ctl("n1", "service", "inspect", "--pretty", "own"),
            lab.Ctl("n1", "inspect", lab.Running("n1", "own").Single().Id), lab.Ctl("n1", "service", "ps", "own"),
            lab.Ctl("n1", "events", "--since", "10m", "--until", "0s", "--format", "json"),
            lab.Ctl("n4", "container", "inspect", lab.Running("n1", "own").Single().Id),
        })
        {
            Assert.DoesNotContain(Password, show.Expect().Text, StringComparison.Ordinal);
        }

        var found = Canaries.InFiles(Lab.Folder, Password).Where(
            f => Path.GetFileName(f) != "registry-credentials.json" || !f.Contains("/n2/", StringComparison.Ordinal));
        Assert.Empty(found);
        Assert.False(Canaries.InMemory(lab.DaemonPid("n5"), Password), "a node without the task has the password");
    }
}
