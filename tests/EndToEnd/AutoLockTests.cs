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
            "it leads again", RecoverSeconds, () => lab.Ctl(Alone, "service", "ls", "-q").Lines.Length == 1,
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
        () => lab.Nodes(host).Count(node => node.ManagerStatus is "Leader" or "Reachable") == Lab.Managers.Length,
        () => lab.NodesText(host));

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
