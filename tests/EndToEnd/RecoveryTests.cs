using System.Text.Json;
using System.Text.RegularExpressions;

namespace Swarm.EndToEnd;

/// <summary>A swarm begins anew: from a backup on another host, and from the one manager that is left.</summary>
[Collection(RecoveryCollection.Name)]
public sealed class RecoveryTests : IDisposable
{
    private const int RecoverSeconds = 60;
    private const int Port = 8080;
    private const string NewHost = "n6";
    private readonly string files = Directory.CreateTempSubdirectory("swarm-recovery-").FullName;

    public void Dispose() => Directory.Delete(files, recursive: true);

    [Fact]
    public void A_backup_is_restored_on_another_host_at_another_address()
    {
        string[] workers = ["n2", "n3"];
        using var lab = new Lab(managers: 1, workers: workers.Length);
        Create(lab, "web", 4, "--publish", $"{Port}:80");
        var backup = Path.Combine(files, "backup");
        var passphrase = Path.Combine(files, "passphrase");
        File.WriteAllText(passphrase, "correct horse battery staple\n");
        lab.Ctl("n1", "backup", "create", "--passphrase-file", passphrase, backup).Expect();
        Assert.Equal("0600", Convert.ToString((int)File.GetUnixFileMode(backup), 8).PadLeft(4, '0'));
        var hash = Json(lab.Ctl("n2", "backup", "inspect", "--format", "json", backup)).GetProperty("StateHash");
        lab.Ctl("n2", "backup", "verify", "--passphrase-file", passphrase, backup).Expect();
        var wanted = Containers(lab, workers);
        Create(lab, "later", 2);
        var all = Containers(lab, workers);
        Assert.Equal((4, 6), (wanted.Count, all.Count));

        lab.Run("add", NewHost, "--no-join").Expect();
        string[] restore =
        [
            "backup", "restore", "--passphrase-file", passphrase, "--advertise-addr", Lab.Address(NewHost), backup,
        ];
        var refused = lab.Ctl(NewHost, restore);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains($"still run ({Lab.Address("n1")}:2377", refused.Errors, StringComparison.Ordinal);
        var restored = lab.Ctl(NewHost, [.. restore, "--force"]).Expect();
        Wait.Until(
            "the old manager has heard that it is superseded, from an address that it does not know", RecoverSeconds,
            () => QuickCtl.Run("n1", "service", "ls").Text.Contains(
                $"(manager {Lab.Address(NewHost)}:2377)", StringComparison.Ordinal),
            () => QuickCtl.Run("n1", "info").Text);
        Assert.Contains($"State hash {hash.GetString()}, equal to the backup's.", restored.Text,
            StringComparison.Ordinal);
        foreach (var worker in workers)
            lab.Ctl(worker, "swarm", "rejoin", $"{Lab.Address(NewHost)}:2377").Expect();
        Wait.Until(
            "all nodes have reported", RecoverSeconds,
            () => Observed(lab).All(n => n.GetProperty("Reported").GetBoolean()),
            () => QuickCtl.Run(NewHost, "swarm", "observe").Text);

        // It looks and does not touch: what the backup does not know runs on, and ports answer.
        Assert.Equal(4, Observed(lab).Sum(n => n.GetProperty("AsWanted").GetInt32()));
        Assert.Equal(2, Observed(lab).Sum(n => n.GetProperty("ToStop").GetArrayLength()));
        Assert.Contains("observes", lab.Ctl(NewHost, "info").Text, StringComparison.Ordinal);
        var change = lab.Ctl(NewHost, "node", "update", "--label-add", "a=b", "n2").Expect();
        Assert.Contains("observes", change.Text, StringComparison.Ordinal);
        Assert.Equal(all, Containers(lab, workers));
        Assert.All(workers, worker => Assert.NotNull(Lab.Get(worker, Port)));

        lab.Ctl(NewHost, "swarm", "resume", "--force").Expect();
        Wait.Until(
            "only what the backup knows runs", RecoverSeconds, () => Containers(lab, workers).SetEquals(wanted),
            () => lab.ServiceText(NewHost, "web"));
        lab.Ctl(NewHost, "service", "scale", "web=5").Expect();
        Wait.Until("the new manager's port answers", RecoverSeconds, () => Lab.Get(NewHost, Port) is not null);
    }

    [Fact]
    public void Managers_that_were_left_behind_form_no_second_swarm()
    {
        using var lab = new Lab(managers: 3, workers: 1);
        Create(lab, "web", 3);
        var containers = Containers(lab, ["n4"]);
        var oldToken = lab.Ctl("n1", "swarm", "join-token", "-q", "manager").Expect().Lines[0];
        Assert.Equal(1, lab.Ctl("n1", "swarm", "init", "--force-new-cluster").ExitCode);
        lab.Run("kill", "n2").Expect();
        lab.Run("kill", "n3").Expect();
        Wait.Until("the quorum is missed", RecoverSeconds, () => QuickCtl.Run("n1", "service", "ls").ExitCode == 5);
        Assert.Contains("web", lab.Ctl("n1", "--stale", "service", "ls").Expect().Text, StringComparison.Ordinal);

        var forced = lab.Ctl("n1", "swarm", "init", "--force-new-cluster").Expect();
        var epoch = Regex.Match(forced.Text, "epoch ([0-9]{10,})").Groups[1].Value;
        Assert.NotEmpty(epoch);
        Wait.Until(
            "the worker has seen the new epoch", RecoverSeconds,
            () => QuickCtl.Run("n4", "info").Text.Contains($"Epoch: {epoch}", StringComparison.Ordinal),
            () => QuickCtl.Run("n4", "info").Text);
        Assert.Equal(containers, Containers(lab, ["n4"]));

        // Cut off from the new swarm the two are a majority of the old one, and take changes; nobody follows them.
        lab.Run("cut", "n1").Expect();
        lab.Run("start", "n2").Expect();
        lab.Run("start", "n3").Expect();
        Wait.Until(
            "the old ones take a change", RecoverSeconds,
            () => QuickCtl.Run("n2", "service", "scale", "--detach", "web=0").ExitCode == 0, () => lab.NodesText("n2"));
        var rejoin = lab.Ctl("n4", "swarm", "rejoin", $"{Lab.Address("n2")}:2377");
        Assert.Equal(1, rejoin.ExitCode);
        Assert.Contains("is not followed", rejoin.Errors, StringComparison.Ordinal);
        Assert.Equal(containers, Containers(lab, ["n4"]));
        lab.Run("heal").Expect();
        foreach (var host in new[] { "n2", "n3" })
        {
            Wait.Until(
                $"{host} has heard that it is superseded", RecoverSeconds,
                () => QuickCtl.Run(host, "service", "ls").Text.Contains(
                    $"began anew as epoch {epoch}", StringComparison.Ordinal),
                () => QuickCtl.Run(host, "info").Text);
        }

        lab.Run("kill", "n2").Expect();
        lab.Run("start", "n2").Expect();
        Assert.Equal(1, lab.Ctl("n2", "service", "scale", "web=1").ExitCode);
        // The new swarm missed its worker as well: it has what it wanted again, whether the same containers or others.
        Wait.Until(
            "three tasks run", RecoverSeconds,
            () => lab.Running("n1", "web").Count == 3 && Containers(lab, ["n4"]).Count == 3,
            () => lab.ServiceText("n1", "web"));
        containers = Containers(lab, ["n4"]);
        AssertRejoins(lab, "n2", oldToken);
        lab.Ctl("n1", "service", "scale", "web=4").Expect();
        Assert.Superset(containers, Containers(lab, ["n4"]));
    }

    private static void AssertRejoins(Lab lab, string host, string oldToken)
    {
        lab.Ctl(host, "swarm", "leave", "--force").Expect();
        Assert.Equal(1, Join(lab, host, oldToken).ExitCode);
        Join(lab, host, lab.Ctl("n1", "swarm", "join-token", "-q", "manager").Expect().Lines[0]).Expect();
        Wait.Until(
            "it is a manager again", RecoverSeconds,
            () => lab.Nodes("n1").Any(n => n.Hostname == host && n.ManagerStatus == "Reachable"),
            () => lab.NodesText("n1"));
    }

    private static CommandResult Join(Lab lab, string host, string token) => lab.Ctl(
        host, "swarm", "join", "--token", token, "--advertise-addr", Lab.Address(host), $"{Lab.Address("n1")}:2377");

    private static void Create(Lab lab, string name, int replicas, params string[] more) => lab.Create(
        name, ["--replicas", $"{replicas}", "--constraint", "node.role==worker", .. more, $"{Lab.Image}:1"]).Expect();

    private static List<JsonElement> Observed(Lab lab) =>
        [.. Json(lab.Ctl(NewHost, "swarm", "observe", "--format", "json")).GetProperty("Nodes").EnumerateArray()];

    private static JsonElement Json(CommandResult result) =>
        JsonDocument.Parse(result.Expect().Lines[0]).RootElement;

    /// <summary>Host and pid of the first process of every demo container.</summary>
    private static HashSet<string> Containers(Lab lab, IEnumerable<string> hosts) =>
        [.. hosts.SelectMany(host => lab.WebProcesses(host).Select(pid => $"{host}/{pid}"))];
}

[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class RecoveryCollection
{
    public const string Name = "recovery";
}
