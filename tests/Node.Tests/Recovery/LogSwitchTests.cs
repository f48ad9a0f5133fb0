using Swarm.Node.Recovery;

namespace Swarm.Node.Tests.Recovery;

/// <summary>A manager's log, epoch and address change together, wherever the process is killed.</summary>
public sealed class LogSwitchTests : IDisposable
{
    private static readonly MemberState Old = new() { AdvertiseAddress = "10.0.0.1:2377",
        ListenAddress = "10.0.0.1:2377" };
    private static readonly MemberState New = Old with { AdvertiseAddress = "10.0.0.2:2377" };

    private readonly string _directory = Directory.CreateTempSubdirectory("swarm-switch-").FullName;
    private readonly NodePaths _paths;

    public LogSwitchTests()
    {
        _paths = new NodePaths(_directory);
        Directory.CreateDirectory(_paths.Raft);
        File.WriteAllText(Path.Combine(_paths.Raft, "log"), "old");
        Old.Save(_paths.Member);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void A_switch_takes_all_three()
    {
        Prepare().Commit(new LogSwitchPlan(3, New));
        AssertNew();
    }

    [Fact]
    public void Without_its_plan_nothing_has_changed_and_what_was_written_goes()
    {
        Prepare();
        new LogSwitch(_paths).Finish();
        AssertOld();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void With_its_plan_the_next_start_finishes_it(int stepsDone)
    {
        var change = Prepare();
        var plan = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(new LogSwitchPlan(3, New));
        File.WriteAllBytes(Path.Combine(_directory, "switch.json"), plan);
        if (stepsDone >= 1)
        {
            Directory.Delete(_paths.Raft, recursive: true);
        }

        if (stepsDone >= 2)
        {
            Directory.Move(change.NextLog, _paths.Raft);
        }

        if (stepsDone >= 3)
        {
            New.Save(_paths.Member);
        }

        new LogSwitch(_paths).Finish();
        AssertNew();
        new LogSwitch(_paths).Finish();
        AssertNew();
    }

    [Fact]
    public void A_plan_keeps_who_was_left_behind()
    {
        var plan = new LogSwitchPlan(3, New) { LeftBehind = ["10.0.0.3:2377", "10.0.0.4:2377"] };
        File.WriteAllBytes(
            Path.Combine(_directory, "switch.json"), System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(plan));
        Directory.CreateDirectory(new LogSwitch(_paths).NextLog);
        new LogSwitch(_paths).Finish();
        new LogSwitch(_paths).Finish();
        Assert.Equal(plan.LeftBehind, new LeftBehindFile(_paths.LeftBehind).Addresses);
    }

    [Fact]
    public void An_epoch_never_falls()
    {
        var file = new EpochFile(_paths.Epoch);
        Assert.Equal(0UL, file.Current);
        file.Raise(2);
        file.Raise(1);
        Assert.Equal(2UL, new EpochFile(_paths.Epoch).Current);
        File.WriteAllText(_paths.Epoch, "two");
        Assert.Throws<IOException>(() => file.Current);
    }

    private LogSwitch Prepare()
    {
        var change = new LogSwitch(_paths);
        Directory.CreateDirectory(change.NextLog);
        File.WriteAllText(Path.Combine(change.NextLog, "log"), "new");
        return change;
    }

    private void AssertNew()
    {
        Assert.Equal("new", File.ReadAllText(Path.Combine(_paths.Raft, "log")));
        Assert.Equal(3UL, new EpochFile(_paths.Epoch).Current);
        Assert.Equal(New, MemberState.Load(_paths.Member));
        Assert.Equal(["epoch", "member.json", "raft"], Names());
    }

    private void AssertOld()
    {
        Assert.Equal("old", File.ReadAllText(Path.Combine(_paths.Raft, "log")));
        Assert.Equal(0UL, new EpochFile(_paths.Epoch).Current);
        Assert.Equal(Old, MemberState.Load(_paths.Member));
        Assert.Equal(["member.json", "raft"], Names());
    }

    private IEnumerable<string?> Names() =>
        Directory.GetFileSystemEntries(_directory).Select(Path.GetFileName).Order(StringComparer.Ordinal);
}
