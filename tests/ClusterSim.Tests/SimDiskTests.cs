using Swarm.ClusterSim.Disk;

namespace Swarm.ClusterSim.Tests;

/// <summary>What the simulated disk may lose: it must be as bad as real ones, and not worse.</summary>
public sealed class SimDiskTests
{
    [Fact]
    public void A_rename_survives_a_power_cut_whole_or_not_at_all()
    {
        var after = new HashSet<string>();
        for (var seed = 1UL; seed <= 100; seed++)
        {
            var disk = new SimDisk(new Dice(seed), new Coverage());
            using (var file = disk.Create("/raft/a"))
                file.Sync();
            disk.SyncDirectory("/raft");
            disk.Rename("/raft/a", "/raft/b");
            disk.CutPower();
            after.Add(Assert.Single(disk.ListFiles("/raft")));
        }
        Assert.Equal(["a", "b"], after.Order());
    }

    [Fact]
    public void What_was_not_synced_may_be_gone_after_a_power_cut_but_not_after_a_kill()
    {
        var lost = 0;
        for (var seed = 1UL; seed <= 100; seed++)
        {
            var disk = new SimDisk(new Dice(seed), new Coverage());
            using var file = disk.Create("/raft/a");
            file.Sync();
            disk.SyncDirectory("/raft");
            file.Write(0, new byte[] { 7 });
            disk.KillProcess();
            Assert.Equal(7, disk.Files["/raft/a"].Current[0]);
            disk.CutPower();
            lost += disk.Files["/raft/a"].Current is [7] ? 0 : 1;
        }
        Assert.InRange(lost, 1, 99);
    }
}
