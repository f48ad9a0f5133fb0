namespace Swarm.EndToEnd;

/// <summary>
/// Short runs of the torture tool: real managers, real kills, under writes and reads whose history is judged. The long
/// ones are for people: <c>dotnet run --project tests/Torture -- help</c>.
/// </summary>
[Collection(LabCollection.Name)]
public sealed class TortureTests
{
    private const string Tool = "tests/Torture/bin/Release/net10.0/Swarm.Torture.dll";

    private readonly Lab lab;

    public TortureTests(Lab lab)
    {
        this.lab = lab;
        lab.Reset();
    }

    [Fact]
    public void Kills_of_managers_lose_no_acknowledged_write_and_the_history_is_linearizable() =>
        Holds("kill", "--rounds", "3");

    [Fact]
    public void A_stopped_leader_answers_nothing_from_the_past() =>
        Holds("stop-leader", "--rounds", "1");

    [Fact]
    public void Partitions_lose_no_acknowledged_write_and_the_history_is_linearizable() =>
        Holds("cut", "--rounds", "2");

    /// <summary>The bound is one of liveness on a loaded machine; bench/README.md says how fast it is.</summary>
    [Fact]
    public void Another_manager_accepts_writes_soon_after_the_leader_was_killed() =>
        Holds("failover", "--kills", "3", "--max-p99", "8000");

    [Fact]
    public void Busy_cores_cost_the_leader_nothing() => Holds("cpu", "--seconds", "8");

    [Fact]
    public void Containers_go_on_and_ends_are_known_when_their_daemon_is_killed()
    {
        using var patience = lab.WaitLongForNodes();
        Holds("runtime-kill", "--rounds", "1", "--containers", "8", "--host", "n1");
    }

    [Fact]
    public void Starts_and_stops_leave_nothing_behind() =>
        Holds("leaks", "--cycles", "21", "--containers", "4", "--host", "n1");

    private static void Holds(string verb, params string[] options)
    {
        var run = CommandResult.Of("dotnet", [Path.Combine(Repository.Root, Tool), verb, .. options]).Expect();
        Assert.Contains("verdict", run.Output);
    }
}
