namespace Swarm.ClusterSim.Orchestration;

/// <summary>How large a scale run is.</summary>
/// <param name="Nodes">All workers.</param>
/// <param name="Services">Replicated, alike.</param>
/// <param name="Tasks">Of all services together.</param>
/// <param name="LostPerThousand">Nodes that lose their power each minute, per thousand.</param>
internal sealed record ScaleSize(int Nodes, ulong Services, ulong Tasks, int LostPerThousand)
{
    public ulong Replicas => Tasks / Services;

    public int LostAMinute => LostPerThousand == 0 ? 0 : Math.Max(1, Nodes * LostPerThousand / 1_000);
}
