namespace Swarm.EndToEnd;

/// <summary>What is wrong is refused with a message that a person can act on, and nothing of it is stored.</summary>
[Collection(LabCollection.Name)]
public sealed class RefusalTests
{
    private const string Stranger = "n6";
    private readonly Lab lab;

    public RefusalTests(Lab lab)
    {
        this.lab = lab;
        lab.Reset();
    }

    [Theory]
    [InlineData("bad name!", "name")]
    [InlineData("-x", "name")]
    public void A_bad_name(string name, string mentioned) =>
        Refused(mentioned, $"--name={name}", $"{Lab.Image}:1");

    [Theory]
    [InlineData("node.role=~manager", "constraint")]
    [InlineData("node.colour==red", "node.colour")]
    public void A_bad_constraint(string constraint, string mentioned) =>
        Refused(mentioned, "--name", "refused", "--constraint", constraint, $"{Lab.Image}:1");

    [Theory]
    [InlineData("10.99.0.5:5000/demo/none:1", "demo/none")]
    [InlineData("10.99.0.5:5000/demo/web:none", "none")]
    [InlineData("10.99.0.5:5000/Demo/web:1", "Demo")]
    public void An_unknown_image(string image, string mentioned) => Refused(mentioned, "--name", "refused", image);

    [Theory]
    [InlineData("70000:80")]
    [InlineData("80:0x50")]
    public void A_port_that_is_none(string publish) =>
        Refused("port", "--name", "refused", "--publish", publish, $"{Lab.Image}:1");

    [Fact]
    public void A_taken_port()
    {
        lab.Create("first", "--publish", "8081:80", $"{Lab.Image}:1").Expect();
        Refused("8081", "--name", "refused", "--publish", "8081:80", $"{Lab.Image}:1");
    }

    [Fact]
    public void A_taken_name()
    {
        lab.Create("first", "--replicas", "0", "--detach", $"{Lab.Image}:1").Expect();
        var second = lab.Create("first", "--replicas", "0", "--detach", $"{Lab.Image}:2");
        AssertRefused(second, "first");
        Assert.Single(ServiceNames());
    }

    [Fact]
    public void A_message_that_is_too_long()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllLines(file, Enumerable.Range(0, 5 * 1024).Select(n => $"K{n}={new string('x', 1016)}"));
            Refused("", "--name", "refused", "--env-file", file, $"{Lab.Image}:1");
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void A_token_that_is_wrong_or_has_one_character_changed()
    {
        if (lab.Sh(Stranger, "true").ExitCode != 0)
            lab.Run("add", Stranger, "--no-join").Expect();
        var token = lab.Ctl("n1", "swarm", "join-token", "-q", "worker").Expect().Output.Trim();
        Assert.Matches("^SWMTKN-1-[0-9a-z]{50}-[0-9a-z]{25}$", token);
        var known = lab.Nodes("n1").Select(node => node.Id).ToHashSet();
        string[] wrong =
        [
            "SWMTKN-1-" + new string('0', 50) + "-" + new string('0', 25),
            Changed(token, 9 + 20),
            Changed(token, token.Length - 3),
            "nonsense",
        ];
        foreach (var attempt in wrong)
        {
            var join = lab.Ctl(
                Stranger, "swarm", "join", "--token", attempt, "--advertise-addr", Lab.Address(Stranger),
                $"{Lab.Address("n1")}:2377");
            AssertRefused(join, "token");
        }

        Assert.Equal(known, lab.Nodes("n1").Select(node => node.Id).ToHashSet());
    }

    /// <summary>The worker's own key and certificate, at the managers' port, for what is not its business.</summary>
    [Theory]
    [InlineData("swarm.v1.Control/ListNodes")]
    [InlineData("swarm.v1.Control/GetJoinTokens")]
    [InlineData("swarm.v1.Control/CreateService")]
    public void A_workers_certificate_on_a_managers_call(string method)
    {
        var body = Path.GetTempFileName();
        try
        {
            // An empty message in the frame of gRPC: not compressed, length 0.
            File.WriteAllBytes(body, new byte[5]);
            var call = lab.Sh("n4", "curl", "-skv", "-m", "10", "--http2", "--cert", Identity("node.crt"), "--key",
                Identity("node.key"), "-H", "content-type: application/grpc", "-H", "te: trailers",
                "--data-binary", $"@{body}", "-o", "/dev/null", $"https://{Lab.Address("n1")}:2377/{method}");
            // 7 is PERMISSION_DENIED. UNIMPLEMENTED (12) is as good: the port does not offer the call at all.
            Assert.Matches("grpc-status: (7|12)", call.Text);
        }
        finally
        {
            File.Delete(body);
        }
    }

    private static string Identity(string name) =>
        Assert.Single(Directory.GetFiles(
            Path.Combine(Repository.Root, ".lab", "n4", "data"), name, SearchOption.AllDirectories));

    private static string Changed(string token, int index)
    {
        var changed = token.ToCharArray();
        changed[index] = changed[index] == 'a' ? 'b' : 'a';
        return new string(changed);
    }

    private void Refused(string mentioned, params string[] arguments)
    {
        var before = ServiceNames();
        AssertRefused(lab.Ctl("n2", ["service", "create", .. arguments]), mentioned);
        Assert.Equal(before, ServiceNames());
    }

    private static void AssertRefused(CommandResult result, string mentioned)
    {
        Assert.True(result.ExitCode != 0, $"was accepted: {result.Text}");
        Assert.Contains(mentioned, result.Errors, StringComparison.OrdinalIgnoreCase);
        // One line for a person, not a stack trace.
        Assert.DoesNotContain("   at ", result.Errors);
        Assert.NotEqual("", result.Errors.Trim());
    }

    private List<string> ServiceNames() =>
        [.. lab.Ctl("n1", "service", "ls", "--format", "{{.Name}}").Expect().Lines.Order()];
}
