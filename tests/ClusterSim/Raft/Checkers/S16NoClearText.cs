using System.Text;

namespace Swarm.ClusterSim.Raft;

/// <summary>S16: on a disk that is encrypted nothing that was written stands in clear.</summary>
internal static class S16NoClearText
{
    private static readonly byte[] Canary = Encoding.UTF8.GetBytes(StoreOps.Canary);

    public static void Check(World world)
    {
        if (!world.Plan.Encrypted)
            return;
        foreach (var member in world.Members.Values)
        {
            foreach (var (name, inode) in member.Disk.Files)
            {
                if (inode.Current.IndexOf(Canary) >= 0 || inode.Durable.IndexOf(Canary) >= 0)
                    throw new ViolationException("S16", $"{name} of {member.Id} has clear text in it");
            }
        }
        world.Coverage.Count("encrypted disks scanned");
    }
}
