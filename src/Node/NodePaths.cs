using Swarm.Security;

namespace Swarm.Node;

/// <summary>Where things are in the data directory; all of it is 0700.</summary>
internal sealed class NodePaths
{
    internal NodePaths(string dataDir)
    {
        DataDir = dataDir;
        Identity = new NodeIdentityStore(Path.Combine(dataDir, "certificates"));
    }

    internal string DataDir { get; }

    internal NodeIdentityStore Identity { get; }

    internal string Certificates => Path.Combine(DataDir, "certificates");

    internal string Keys => Path.Combine(DataDir, KeyVault.FileName);

    internal string Member => Path.Combine(DataDir, "member.json");

    internal string Managers => Path.Combine(DataDir, "managers");

    internal string Raft => Path.Combine(DataDir, "raft");

    internal string Images => Path.Combine(DataDir, "images");

    internal string MappedLayers => Path.Combine(DataDir, "mapped-layers");

    internal string RegistryCredentials => Path.Combine(DataDir, "registry-credentials.json");

    internal string Tasks => Path.Combine(DataDir, "tasks");

    internal string Volumes => Path.Combine(DataDir, "volumes");

    internal string Epoch => Path.Combine(DataDir, "epoch");

    internal string Superseded => Path.Combine(DataDir, "superseded");

    internal string LeftBehind => Path.Combine(DataDir, "left-behind");

    internal string Lock => Path.Combine(DataDir, "lock");

    /// <summary>Forgets the swarm; images stay.</summary>
    internal void DeleteMembership()
    {
        foreach (var directory in new[] { Certificates, Raft }.Where(Directory.Exists))
        {
            Directory.Delete(directory, recursive: true);
        }

        File.Delete(Member);
        File.Delete(Managers);
        File.Delete(Epoch);
        File.Delete(Superseded);
        File.Delete(LeftBehind);
    }
}
