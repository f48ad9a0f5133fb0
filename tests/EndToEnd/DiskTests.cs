using System.Collections.Concurrent;

namespace Swarm.EndToEnd;

/// <summary>The logs of managers lie on disks that fail or fill up.</summary>
[Collection(LabCollection.Name)]
public sealed class DiskTests : IDisposable
{
    private const int Seconds = 60;
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
    public void The_first_failing_sync_ends_the_process_and_nothing_after_it_is_acknowledged()
    {
        var other = Lab.Managers.First(h => h != host);
        MoveLog(host, "loop");
        Assert.Equal(host, MakeLeader());
        var acknowledged = new ConcurrentBag<string>();
        Write("before", 3, acknowledged);
        lab.Run("disk", host, "fill").Expect();
        Wait.Until("the daemon has ended", Seconds, () => { Write("after", 1, acknowledged); return !IsUp(host); });
        var log = lab.Run("logs", host).Expect().Output;
        Assert.Contains("nothing after it was acknowledged. Check the disk, then start again.", log);
        Assert.Matches("(fdatasync|fsync|write) of .*/raft/.* failed", log);

        // Without space it does not start: the tail of the log has to be written anew.
        Assert.NotEqual(0, lab.Run("start", host).ExitCode);
        Assert.Contains("swarmd cannot start", lab.Run("logs", host).Expect().Output);

        lab.Run("disk", host, "free").Expect();
        lab.Run("start", host).Expect();
        Wait.Until(
            "all managers are back", Seconds,
            () => lab.Nodes(host).Count(n => n.ManagerStatus is "Leader" or "Reachable") == Lab.Managers.Length,
            () => lab.NodesText(other));
        foreach (var manager in Lab.Managers)
        {
            var known = lab.Ctl(manager, "service", "ls", "--format", "{{.Name}}").Expect().Lines;
            Assert.Subset(known.ToHashSet(), acknowledged.ToHashSet());
        }
    }

    private void MoveLog(string manager, string kind, params string[] more)
    {
        lab.Run("kill", manager).Expect();
        onBadDisk.Add(manager);
        lab.Run(["disk", manager, kind, .. more]).Expect();
        lab.Run("start", manager).Expect();
    }

    /// <summary>Kills whoever leads until it is the one with the bad disk.</summary>
    private string MakeLeader()
    {
        for (var turn = 0; turn < 12; turn++)
        {
            var leader = "";
            Wait.Until(
                "a leader and all managers", Seconds,
                () => lab.Nodes(host).Count(n => n.ManagerStatus is "Leader" or "Reachable") == Lab.Managers.Length
                    && (leader = lab.Leader(host)).Length > 0,
                () => lab.NodesText(host));
            if (leader == host)
                return host;
            lab.Run("kill", leader).Expect();
            Wait.Until("another leader", Seconds, () => lab.Leader(host) is { Length: > 0 } l && l != leader);
            lab.Run("start", leader).Expect();
        }

        return lab.Leader(host);
    }

    private bool IsUp(string name) => lab.Ctl(name, "info").ExitCode == 0;

    private void Write(string prefix, int count, ConcurrentBag<string> acknowledged)
    {
        for (var n = 0; n < count; n++)
        {
            var name = NewName(prefix);
            if (Create(name).ExitCode == 0)
                acknowledged.Add(name);
        }
    }

    private static string NewName(string prefix) => $"{prefix}-{Guid.NewGuid():N}"[..20];

    private CommandResult Create(string name) => lab.Ctl(
        host, "service", "create", "--detach", "--no-resolve-image", "--replicas", "0", "--name",
        name.Contains('-') ? name : NewName(name), "disk/nothing:1");
}
