namespace Swarm.ClusterSim.Disk;

/// <summary>The power went between two operations of a disk: everything of the process is gone at once.</summary>
internal sealed class PowerCutException() : Exception("power cut");
