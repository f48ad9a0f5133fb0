using System.Text;
using System.Text.RegularExpressions;

namespace Swarm.EndToEnd;

/// <summary>
/// With autolock a manager that was killed is of no use to whoever has its disk, and waits for its key.
/// </summary>
[Collection(LabCollection.Name)]
public sealed partial class AutoLockTests
{
    private const int RecoverSeconds = 60;
    private const int FollowSeconds = 30;
    private const string Alone = "n8";
    private const string Stranger = "SWMKEY-1-yOzh/Abvfx8hQ7ugJQP8tLVPvZLjftAEcr7L7uqBvNs";
    private const string NeedsUnlock = "Swarm is encrypted and needs to be unlocked before it can be used. "
        + "Please use \"swarmctl swarm unlock\" to unlock it.";

    private readonly Lab lab;

    public AutoLockTests(Lab lab)
    {
        this.lab = lab;
        lab.Reset();
    }

    [Fact]
    public void A_killed_manager_waits_for_the_key_and_its_containers_do_not()
    {
        using var patience = lab.WaitLongForNodes();
        try
        {
            lab.Create("web", "--replicas", "10", $"{Lab.Image}:1").Expect();
            var on = lab.Ctl("n1", "swarm", "update", "--autolock").Expect();
            Assert.StartsWith("Swarm updated.", on.Output, StringComparison.Ordinal);
            var key = KeyIn(on.Output);
            Assert.Equal(key, lab.Ctl("n3", "swarm", "unlock-key", "-q").Expect().Output.Trim());
            Wait.Until("all managers lock", FollowSeconds, () => Lab.Managers.All(IsLockedOnDisk));
            var processes = lab.WebProcesses("n2");
            Assert.NotEmpty(processes);

            Restart("n2");
            AssertServesNothing("n2");
            Assert.Equal(processes, lab.WebProcesses("n2"));
            var rotated = lab.Ctl("n1", "swarm", "unlock-key", "--rotate", "-q").Expect().Output.Trim();
            Assert.NotEqual(key, rotated);

            // It was away when the key changed: it knows the old one, and follows when it is back.
            var before = Vault("n2");
            Assert.Contains("invalid key provided", Unlock("n2", rotated).Errors, StringComparison.Ordinal);
            Unlock("n2", key).Expect();
            AssertBack("n2");
            Assert.Equal(processes, lab.WebProcesses("n2"));
            Wait.Until("n2 wraps anew", FollowSeconds, () => Vault("n2") != before);
            Restart("n2");
            Assert.Equal(1, Unlock("n2", key).ExitCode);
            Unlock("n2", rotated).Expect();
            AssertBack("n2");
            Assert.Equal("Error: swarm is not locked", Unlock("n2", rotated).Errors.Trim());
        }
        finally
        {
            TurnOff();
        }

        Restart("n2");
        AssertBack("n2");
    }

    [Fact]
    public void A_promoted_worker_is_locked_from_its_first_moment_and_a_demoted_one_keeps_no_keys()
    {
        const string worker = "n4";
        var keys = Path.Combine(Lab.Data(worker), "keys");
        var nodeKey = Path.Combine(Lab.Data(worker), "certificates", "node.key");
        try
        {
            var key = KeyIn(lab.Ctl("n1", "swarm", "update", "--autolock").Expect().Output);
            Assert.False(File.Exists(keys));
            lab.Ctl("n1", "node", "promote", worker).Expect();
            Wait.Until($"{worker} has keys", FollowSeconds, () => File.Exists(keys));
            Assert.True(IsLockedOnDisk(worker));
            Wait.Until(
                $"{worker} is a manager", RecoverSeconds, () => ManagersAs("n1") == 4, () => lab.NodesText("n1"));
            Assert.DoesNotContain("BEGIN PRIVATE KEY", File.ReadAllText(nodeKey), StringComparison.Ordinal);
            Restart(worker);
            Assert.Equal("locked", State(worker));
            Unlock(worker, key).Expect();
            Wait.Until(
                $"{worker} is a manager again", RecoverSeconds, () => ManagersAs(worker) == 4,
                () => lab.NodesText("n1"));
        }
        finally
        {
            lab.Ctl("n1", "node", "demote", worker);
            TurnOff();
        }

        Wait.Until($"{worker} has no keys", FollowSeconds, () => !File.Exists(keys));
        Assert.Contains("BEGIN PRIVATE KEY", File.ReadAllText(nodeKey), StringComparison.Ordinal);
        Restart(worker);
        Wait.Until(
            $"{worker} is a worker and ready", RecoverSeconds, () => State(worker) == "active" && ManagersAs("n1") == 3,
            () => lab.NodesText("n1"));
    }

    [Fact]
    public void A_swarm_of_one_keeps_no_secret_in_clear_and_can_be_left_without_the_key()
    {
        if (lab.Sh(Alone, "true").ExitCode != 0)
            lab.Run("add", Alone, "--no-join").Expect();
        var init = lab.Ctl(Alone, "swarm", "init", "--autolock", "--advertise-addr", Lab.Address(Alone)).Expect();
        var key = KeyIn(init.Output);
        lab.Ctl(
            Alone, "service", "create", "--name", "secretive", "--replicas", "0", "--detach", "--env",
            "PASSWORD=canary-of-the-environment", $"{Lab.Image}:1").Expect();
        var secrets = new[] { "worker", "manager" }
            .Select(role => lab.Ctl(Alone, "swarm", "join-token", "-q", role).Expect().Output.Trim()[^25..])
            .Append(key[9..]).Append("canary-of-the-environment").Append("BEGIN PRIVATE KEY")
            .Select(Encoding.ASCII.GetBytes).Append(Convert.FromBase64String(key[9..] + "=")).ToList();
        Restart(Alone);
        AssertServesNothing(Alone);
        // Locks are empty, and cannot be opened while they are held.
        foreach (var file in Directory.GetFiles(Lab.Data(Alone), "*", SearchOption.AllDirectories)
            .Where(f => new FileInfo(f).Length > 0))
        {
            var bytes = File.ReadAllBytes(file);
            Assert.All(secrets, secret => Assert.True(bytes.AsSpan().IndexOf(secret) < 0, file));
        }

        Unlock(Alone, key).Expect();
        Wait.Until(
            "it leads again", RecoverSeconds, () => QuickCtl.Run(Alone, "service", "ls", "-q").Lines.Length == 1,
            () => lab.NodesText(Alone));

        Restart(Alone);
        var plain = lab.Ctl(Alone, "swarm", "leave");
        Assert.Equal(1, plain.ExitCode);
        Assert.Contains("--force", plain.Errors, StringComparison.Ordinal);
        Assert.Equal("locked", State(Alone));
        lab.Ctl(Alone, "swarm", "leave", "--force").Expect();
        Assert.Equal("inactive", State(Alone));
        Assert.False(File.Exists(Path.Combine(Lab.Data(Alone), "keys")));
        Assert.Equal("Error: This node is not part of a swarm", Unlock(Alone, key).Errors.Trim());
    }

    private void AssertServesNothing(string host)
    {
        Assert.Equal("locked", State(host));
        foreach (var command in new[] { "node ls", "service ls", "swarm unlock-key", "swarm update --autolock=false" })
        {
            var refused = lab.Ctl(host, command.Split(' '));
            Assert.Equal((1, $"Error: {NeedsUnlock}"), (refused.ExitCode, refused.Errors.Trim()));
        }

        var dial = lab.Sh(Lab.Workers[0], "bash", "-c", $"exec 3<>/dev/tcp/{Lab.Address(host)}/2377");
        Assert.NotEqual(0, dial.ExitCode);
        var vault = Vault(host);
        var wrong = Unlock(host, Stranger);
        Assert.Equal(
            (1, "Error: swarm could not be unlocked: invalid key provided"), (wrong.ExitCode, wrong.Errors.Trim()));
        Assert.Contains("must begin with SWMKEY-1-", Unlock(host, "nonsense").Errors, StringComparison.Ordinal);
        Assert.Equal((vault, "locked"), (Vault(host), State(host)));
    }

    private void Restart(string host)
    {
        lab.Run("kill", host).Expect();
        lab.Run("start", host).Expect();
    }

    private void AssertBack(string host) => Wait.Until(
        $"{host} is a manager again", RecoverSeconds,
        () => ManagersAs(host) == Lab.Managers.Length, () => lab.NodesText(host));

    private int ManagersAs(string host) =>
        lab.Nodes(host).Count(node => node.ManagerStatus is "Leader" or "Reachable");

    private void TurnOff()
    {
        var keys = lab.Ctl("n1", "swarm", "unlock-key", "-q");
        if (keys.ExitCode == 0)
            Unlock("n2", keys.Output.Trim());
        lab.Ctl("n1", "swarm", "update", "--autolock=false").Expect();
        Wait.Until("all managers open their keys", FollowSeconds, () => !Lab.Managers.Any(IsLockedOnDisk));
    }

    private CommandResult Unlock(string host, string key) => lab.CtlReads(host, key + "\n", "swarm", "unlock");

    private string State(string host) =>
        lab.Ctl(host, "info", "--format", "{{.Swarm.LocalNodeState}}").Expect().Output.Trim();

    private static bool IsLockedOnDisk(string host) => !Vault(host).Contains("clear-key", StringComparison.Ordinal);

    private static string Vault(string host) => File.ReadAllText(Path.Combine(Lab.Data(host), "keys"));

    private static string KeyIn(string output) => Assert.Single(Key().Matches(output)).Value;

    [GeneratedRegex("SWMKEY-1-[A-Za-z0-9+/]{43}")]
    private static partial Regex Key();
}
