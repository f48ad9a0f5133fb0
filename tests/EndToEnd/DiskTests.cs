using System.Collections.Concurrent;

namespace Swarm.EndToEnd;

/// <summary>The logs of managers lie on disks that fail or fill up.</summary>
[Collection(LabCollection.Name)]
public sealed class DiskTests : IDisposable
{
    private const int Seconds = 60;
    private const int DamagedOffset = 300;

    /// <summary>Reserve, two segments of the log, the next one, and one more to come back with.</summary>
    private const string SmallMiB = "144";

    /// <summary>Together just below the limit of a spec.</summary>
    private const int LargeChars = 32_000;
    private const int LargeValues = 15;
    private const int LargeServices = 3;
    private readonly Lab lab;
    private readonly string host;
    private readonly List<string> onBadDisk = [];

    public DiskTests(Lab lab)
    {
        this.lab = lab;
        lab.Reset();
        host = lab.Leader("n1");
    }

    /// <summary>What was written meanwhile goes along: a member must not forget its votes.</summary>
    public void Dispose()
    {
        foreach (var moved in onBadDisk)
        {
            lab.Run("disk", moved, "free");
            lab.Run("kill", moved);
            lab.Run("disk", moved, "back").Expect();
            lab.Run("start", moved).Expect();
        }
    }

    [Fact]
    public void Full_disks_refuse_changes_answer_questions_and_recover_by_themselves()
    {
        foreach (var manager in Lab.Managers)
            MoveLog(manager, "small", SmallMiB);
        var acknowledged = new ConcurrentBag<string>();
        Wait.Until("a write", Seconds, () => { Write("before", 1, acknowledged); return !acknowledged.IsEmpty; });
        for (var n = 0; n < LargeServices; n++)
            Create(Large(n)).Expect();
        foreach (var manager in Lab.Managers)
            lab.Run("disk", manager, "fill").Expect();
        CommandResult? last = null;
        var round = 0;
        // The log has a segment in hand, zeroed beforehand: it takes entries until that is used up.
        Wait.Until(
            "writes are refused, and why", Seconds,
            () => (last = LargeWrites(round++)).Errors.Contains("almost full: nothing can be changed"),
            () => last!.Errors);
        var known = lab.Ctl(host, "service", "ls", "--format", "{{.Name}}").Expect().Lines;
        Assert.Subset(known.ToHashSet(), acknowledged.ToHashSet());
        Assert.All(Lab.Managers, manager => Assert.True(IsUp(manager), $"{manager} has ended"));
        Assert.Contains(
            Lab.Managers,
            m => QuickCtl.Run(m, "info").Text.Contains("the disk of this manager is almost full"));

        foreach (var manager in Lab.Managers)
            lab.Run("disk", manager, "free").Expect();
        Wait.Until("writes are accepted again", Seconds, () => Create(NewName("again")).ExitCode == 0);
    }

    [Fact]
    public void The_first_failing_sync_ends_the_process_and_nothing_after_it_is_acknowledged()
    {
        foreach (var manager in Lab.Managers)
            MoveLog(manager, "loop");
        var leader = "";
        Wait.Until("a leader", Seconds, () => (leader = lab.Leader(host)).Length > 0, () => lab.NodesText(host));
        var other = Lab.Managers.First(h => h != leader);
        var acknowledged = new ConcurrentBag<string>();
        Write("before", 3, acknowledged);
        lab.Run("disk", leader, "fill").Expect();
        Wait.Until("the daemon has ended", Seconds, () => { Write("after", 1, acknowledged); return !IsUp(leader); });
        var log = lab.Run("logs", leader).Expect().Output;
        Assert.Contains("nothing after it was acknowledged. Check the disk, then start again.", log);
        Assert.Contains("swarmd must end: its own state can no longer be trusted", log);
        Assert.Matches("(fdatasync|fsync|write) of .*/raft/.* failed", log);

        // Without space it does not start: the tail of the log has to be written anew.
        Assert.NotEqual(0, lab.Run("start", leader).ExitCode);
        Assert.Contains("swarmd cannot start", lab.Run("logs", leader).Expect().Output);

        lab.Run("disk", leader, "free").Expect();
        lab.Run("start", leader).Expect();
        Wait.Until(
            "all managers are back", Seconds,
            () => lab.Nodes(leader).Count(n => n.ManagerStatus is "Leader" or "Reachable") == Lab.Managers.Length,
            () => lab.NodesText(other));
        foreach (var manager in Lab.Managers)
        {
            var known = lab.Ctl(manager, "service", "ls", "--format", "{{.Name}}").Expect().Lines;
            Assert.Subset(known.ToHashSet(), acknowledged.ToHashSet());
        }
    }

    /// <summary>As docs/runbook/corrupt-log.md says.</summary>
    [Fact]
    public void A_damaged_log_is_refused_and_the_manager_comes_back_without_it()
    {
        var other = Lab.Managers.First(h => h != host);
        lab.Run("kill", host).Expect();
        var folder = Path.Combine(lab.Sh(host, "pwd").Expect().Output.Trim(), ".lab", host, "data", "raft");
        var log = Directory.GetFiles(folder, "*.wal").Order().First();
        using (var file = new FileStream(log, FileMode.Open, FileAccess.ReadWrite))
        {
            file.Position = DamagedOffset;
            var flipped = (byte)(file.ReadByte() ^ 1);
            file.Position = DamagedOffset;
            file.WriteByte(flipped);
        }

        Assert.NotEqual(0, lab.Run("start", host).ExitCode);
        var said = lab.Run("logs", host).Expect().Output;
        Assert.Contains($"{log} is damaged at offset", said);
        Assert.DoesNotContain("   at Swarm.", said[said.LastIndexOf("swarmd starts on", StringComparison.Ordinal)..]);

        Directory.Move(folder, folder + ".damaged");
        lab.Run("start", host).Expect();
        Wait.Until(
            "it is a manager again", Seconds,
            () => lab.Nodes(other).Count(n => n.ManagerStatus is "Leader" or "Reachable") == Lab.Managers.Length,
            () => lab.NodesText(other));
    }

    private void MoveLog(string manager, string kind, params string[] more)
    {
        lab.Run("kill", manager).Expect();
        onBadDisk.Add(manager);
        lab.Run(["disk", manager, kind, .. more]).Expect();
        lab.Run("start", manager).Expect();
    }

    private static bool IsUp(string name) => QuickCtl.Run(name, "info").ExitCode == 0;

    private void Write(string prefix, int count, ConcurrentBag<string> acknowledged)
    {
        for (var n = 0; n < count; n++)
        {
            var name = NewName(prefix);
            if (Create(name).ExitCode == 0)
                acknowledged.Add(name);
        }
    }

    /// <summary>
    /// A few at a time, of the same services, so that the log grows and the state does not; the result of one that was
    /// refused, if any was.
    /// </summary>
    private CommandResult LargeWrites(int round)
    {
        var text = new string((char)('a' + (round % 26)), LargeChars);
        var values = Enumerable.Range(0, LargeValues).SelectMany(n => new[] { "--env-add", $"V{n}={text}" }).ToArray();
        var results = new ConcurrentBag<CommandResult>();
        Parallel.For(0, LargeServices, n => results.Add(QuickCtl.Run(
            host, ["service", "update", "--detach", "--no-resolve-image", .. values, Large(n)])));
        return results.OrderBy(r => r.ExitCode == 0).First();
    }

    private static string Large(int n) => $"large-{n}";

    private static string NewName(string prefix) => $"{prefix}-{Guid.NewGuid():N}"[..20];

    private CommandResult Create(string name, params string[] more) => QuickCtl.Run(
        host,
        [
            "service", "create", "--detach", "--no-resolve-image", "--replicas", "0", "--name", name, .. more,
            "disk/nothing:1",
        ]);
}
