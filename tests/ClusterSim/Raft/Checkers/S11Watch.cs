using Swarm.Manager;
using Swarm.Store;

namespace Swarm.ClusterSim.Raft;

/// <summary>
/// S11: who begins at a state and follows the changes has, after each, exactly what is stored at that revision; or is
/// told that the changes are forgotten.
/// </summary>
internal sealed class S11Watch(CommittedLog log)
{
    private readonly SortedDictionary<string, ulong> _versions = new(StringComparer.Ordinal);

    /// <summary>Everything up to here is known.</summary>
    public ulong Revision { get; private set; }

    public void Begin(ClusterState state)
    {
        _versions.Clear();
        foreach (var (id, version) in Versions(state))
            _versions.Add(id, version);
        Revision = state.LastIndex;
    }

    /// <summary>
    /// The changes after a revision are forgotten: goes on as if there had been none (a planted bug).
    /// </summary>
    public void Jump(ulong revision) => Revision = Math.Max(Revision, revision);

    public void Follow(StateStep step)
    {
        if (step.Index <= Revision)
            throw new ViolationException("S11", $"a watch gets revision {step.Index} after {Revision}");
        foreach (var change in step.Changes.Services)
            Put((change.After ?? change.Before)!.Id.Value, change.After?.Version);
        foreach (var change in step.Changes.Nodes)
            Put((change.After ?? change.Before)!.Id.Value, change.After?.Version);
        Revision = step.Index;
        Compare();
    }

    private void Put(string id, ulong? version)
    {
        if (version is { } now)
            _versions[id] = now;
        else
            _versions.Remove(id);
    }

    private void Compare()
    {
        if (!Versions(log.StateAt(Revision).State).Order().SequenceEqual(_versions.Select(v =>
            (v.Key, v.Value)).Order()))
            throw new ViolationException("S11", $"a watch at revision {Revision} does not have what is stored there");
    }

    private static IEnumerable<(string Id, ulong Version)> Versions(ClusterState state) =>
        state.Services.Values.Select(s => (s.Id.Value, s.Version))
            .Concat(state.Nodes.Values.Select(n => (n.Id.Value, n.Version)));
}
