namespace Swarm.EndToEnd;

/// <summary>Secrets and configs reach the containers that name them, and nothing else.</summary>
[Collection(LabCollection.Name)]
public sealed class SecretTests : IDisposable
{
    private const int ConvergeSeconds = 60;
    private const int GoneSeconds = 5;
    private const string OnN4 = "node.hostname==n4";
    private readonly Lab lab;

    public SecretTests(Lab lab)
    {
        this.lab = lab;
        lab.Reset();
        RemoveAll();
    }

    public void Dispose()
    {
        foreach (var service in QuickCtl.Run("n1", "service", "ls", "-q").Lines)
            QuickCtl.Run("n1", "service", "rm", service);
        RemoveAll();
    }

    [Fact]
    public void A_secret_is_a_file_of_its_container_and_on_no_disk()
    {
        var canary = "canary-" + Guid.NewGuid().ToString("n");
        var id = Make("secret", "key", canary).Lines.Single();
        Make("config", "app.conf", "colour=blue\n");
        lab.Create(
            "web", "--constraint", OnN4, "--secret", "key",
            "--secret", "source=key,target=/etc/own/key,uid=65534,gid=65533,mode=0440",
            "--config", "source=app.conf,target=/etc/own/app.conf", $"{Lab.Image}:1").Expect();
        var pid = lab.WebProcesses("n4").Single();
        Assert.Equal(canary, Read(pid, "/run/secrets/key"));
        Assert.Equal(canary, Read(pid, "/etc/own/key"));
        Assert.Equal("colour=blue", Read(pid, "/etc/own/app.conf").Trim());
        Assert.Equal("0:0 444", Facts(pid, "/run/secrets/key"));
        Assert.Equal("65534:65533 440", Facts(pid, "/etc/own/key"));
        var write = lab.Sh("n4", "sh", "-c", $"echo x > /proc/{pid}/root/run/secrets/key");
        Assert.Contains("Read-only", write.Errors, StringComparison.OrdinalIgnoreCase);

        AssertNowhere(canary);
        Assert.True(Canaries.InMemory(lab.DaemonPid("n4"), canary), "the search of a process' memory finds nothing");
        Assert.False(Canaries.InMemory(lab.DaemonPid("n5"), canary), "a node without the task has the secret");
        foreach (var show in new[]
        {
            lab.Ctl("n1", "secret", "inspect", "key"), lab.Ctl("n1", "secret", "inspect", "--pretty", id),
            lab.Ctl("n1", "secret", "ls", "--format", "json"), lab.Ctl("n1", "service", "inspect", "web"),
            lab.Ctl("n1", "inspect", lab.Running("n1", "web").Single().Id),
            lab.Ctl("n1", "events", "--since", "10m", "--until", "0s", "--format", "json"),
        })
        {
            Assert.DoesNotContain(canary, show.Expect().Text, StringComparison.Ordinal);
        }

        var used = lab.Ctl("n1", "secret", "rm", "key");
        Assert.NotEqual(0, used.ExitCode);
        Assert.Contains("secret 'key' is in use by the following service: web", used.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_running_container_keeps_its_files_and_they_go_with_it()
    {
        using var patience = lab.WaitLongForNodes();
        Make("secret", "key", "word");
        lab.Create("web", "--constraint", OnN4, "--secret", "key", $"{Lab.Image}:1").Expect();
        var (task, pid) = (lab.Running("n1", "web").Single().Id, lab.WebProcesses("n4").Single());
        lab.Run("kill", "n4").Expect();
        Assert.Equal("word", Read(pid, "/run/secrets/key"));
        lab.Run("start", "n4").Expect();
        Wait.Until(
            "n4 is ready with the same task", ConvergeSeconds,
            () => lab.Nodes("n1").Any(n => n is { Hostname: "n4", IsUsable: true })
                && lab.Running("n1", "web") is [{ } only] && only.Id == task,
            () => lab.ServiceText("n1", "web"));
        Assert.Equal(pid, lab.WebProcesses("n4").Single());
        Assert.Equal("word", Read(pid, "/run/secrets/key"));
        Assert.Contains("/payloads tmpfs ro", Mounts(), StringComparison.Ordinal);

        lab.Ctl("n1", "service", "rm", "web").Expect();
        Wait.Until("the container ends", ConvergeSeconds, () => lab.WebProcesses("n4").Length == 0);
        Wait.Until("its files are gone", GoneSeconds, () => !Mounts().Contains("/payloads", StringComparison.Ordinal));
        lab.Ctl("n1", "secret", "rm", "key").Expect();
    }

    [Fact]
    public void A_secret_is_rotated_by_another_one()
    {
        Make("secret", "one", "first");
        Make("secret", "two", "second");
        lab.Create(
            "web", "--constraint", OnN4, "--secret", "source=one,target=key", $"{Lab.Image}:1").Expect();
        var before = lab.Running("n1", "web").Single().Id;
        lab.Ctl(
            "n1", "service", "update", "--update-monitor", "1s", "--secret-rm", "one", "--secret-add",
            "source=two,target=key", "web").Expect();
        Assert.NotEqual(before, lab.Running("n1", "web").Single().Id);
        Assert.Equal("second", Read(lab.WebProcesses("n4").Single(), "/run/secrets/key"));

        var after = lab.Running("n1", "web").Single().Id;
        lab.Ctl("n1", "secret", "update", "--label-add", "rotated=yes", "two").Expect();
        Assert.Equal("two", lab.Ctl(
            "n1", "secret", "ls", "--filter", "label=rotated=yes", "--format", "{{.Name}}").Expect().Output.Trim());
        lab.Ctl("n1", "secret", "rm", "one").Expect();
        var back = lab.Ctl("n1", "service", "rollback", "web");
        Assert.NotEqual(0, back.ExitCode);
        Assert.Contains("secret not found: one", back.Errors, StringComparison.Ordinal);
        Assert.Equal(after, lab.Running("n1", "web").Single().Id);
    }

    [Fact]
    public void The_largest_config_arrives_whole()
    {
        var text = string.Concat(Enumerable.Range(0, 102_399).Select(n => $"{n:d9}\n"));
        Make("config", "large", text);
        lab.Create("web", "--constraint", OnN4, "--config", "large", $"{Lab.Image}:1").Expect();
        Assert.Equal(text, lab.Sh("n4", "cat", $"/proc/{lab.WebProcesses("n4").Single()}/root/large").Output);
    }

    [Theory]
    [InlineData("../x", "word", "invalid name")]
    [InlineData("-x", "word", "")]
    [InlineData("ok", "", "data is empty")]
    public void What_cannot_be_a_secret_is_refused(string name, string data, string mentioned)
    {
        var made = lab.CtlReads("n1", data, "secret", "create", name, "-");
        Assert.NotEqual(0, made.ExitCode);
        Assert.Contains(mentioned, made.Errors, StringComparison.Ordinal);
        Assert.Empty(lab.Ctl("n1", "secret", "ls", "-q").Expect().Lines);
    }

    [Fact]
    public void Sizes_and_names_have_limits()
    {
        var large = lab.CtlReads("n1", new string('x', 512_000), "secret", "create", "large", "-");
        Assert.Contains(
            "secret data must be larger than 0 and less than 512000 bytes", large.Errors, StringComparison.Ordinal);
        Make("secret", "dup", new string('x', 511_999));
        var twice = lab.CtlReads("n1", "word", "secret", "create", "DUP", "-");
        Assert.Equal(4, twice.ExitCode);
        Assert.Contains("already exists", twice.Errors, StringComparison.Ordinal);
        Assert.Single(lab.Ctl("n1", "secret", "ls", "-q").Expect().Lines);
    }

    [Theory]
    [InlineData("nosuch", "secret not found: nosuch")]
    [InlineData("source=key,target=../../etc/passwd", "clean path")]
    [InlineData("source=key,target=/proc/key", "/proc")]
    [InlineData("source=key,mode=9", "octal")]
    [InlineData("source=key,uid=root", "number")]
    [InlineData("source=key,colour=red", "colour")]
    public void What_cannot_be_a_file_is_refused(string reference, string mentioned)
    {
        Make("secret", "key", "word");
        var refused = lab.Create("web", "--detach", "--dry-run", "--secret", reference, $"{Lab.Image}:1");
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains(mentioned, refused.Errors, StringComparison.Ordinal);
    }

    private CommandResult Make(string kind, string name, string data) =>
        lab.CtlReads("n2", data, kind, "create", "--label", "made=here", name, "-").Expect();

    private string Read(string pid, string path) => lab.Sh("n4", "cat", $"/proc/{pid}/root{path}").Expect().Output;

    private string Facts(string pid, string path) =>
        lab.Sh("n4", "stat", "-c", "%u:%g %a", $"/proc/{pid}/root{path}").Expect().Output.Trim();

    private string Mounts() => lab.Sh("n4", "cat", "/proc/mounts").Output;

    private static void RemoveAll()
    {
        foreach (var kind in new[] { "secret", "config" })
        {
            foreach (var id in QuickCtl.Run("n1", kind, "ls", "-q").Lines)
                Wait.Until($"{kind} {id} goes", 30, () => QuickCtl.Run("n1", kind, "rm", id).ExitCode is 0 or 3);
        }
    }

    /// <summary>Memory is not seen from here: the mounts of a host are its own.</summary>
    private static void AssertNowhere(string canary)
    {
        var found = Canaries.InFiles(Lab.Folder, canary).ToList();
        Assert.True(found.Count == 0, $"the secret lies in {string.Join(", ", found)}");
    }
}
