using System.Globalization;
using System.Security.Cryptography;
using Swarm.Model;
using Swarm.Runtime.Images;
using Swarm.Runtime.Rootfs;

namespace Swarm.Runtime.Volumes;

/// <summary>The volumes of one node, over restarts. All methods may be called from any thread and block.</summary>
public sealed class VolumeStore
{
    private const int AnonymousNameBytes = 32;
    private readonly Lock _lock = new();
    private readonly VolumeFiles _files;
    private readonly TimeProvider _time;
    private readonly SortedDictionary<string, VolumeEntry> _volumes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<VolumePlace>> _users = new(StringComparer.Ordinal);

    private VolumeStore(VolumeFiles files, HostBinds host, TimeProvider time)
    {
        _files = files;
        Host = host;
        _time = time;
    }

    /// <summary>Directories of the host that containers mount. They go with the volumes of the container.</summary>
    public HostBinds Host { get; }

    /// <summary>What a container is called in messages; its id unless somebody knows better.</summary>
    public Func<string, string> NameOf { get; set; } = static id => id;

    /// <param name="directory">The store's own.</param>
    /// <param name="log">Told what an operator wants to know.</param>
    /// <param name="time">For the times of creation.</param>
    /// <param name="walls">What of the host may be mounted, and whose ids containers have.</param>
    public static VolumeStore Open(
        string directory, Action<string> log, TimeProvider time, VolumeWalls? walls = null)
    {
        var files = new VolumeFiles(directory, walls ?? new VolumeWalls());
        var store = new VolumeStore(files, new HostBinds(files.HostBinds, files.Walls), time);
        foreach (var record in files.Load(log))
            store._volumes[record.Name] = new VolumeEntry(record, files);
        foreach (var (holder, places) in files.LoadUsers(log))
        {
            store._users[holder] = places;
            foreach (var place in places)
                store._volumes.GetValueOrDefault(place.Volume)?.Users.Add(holder);
        }

        return store;
    }

    public IReadOnlyList<Volume> List()
    {
        lock (_lock)
            return [.. _volumes.Values.Select(static v => v.View())];
    }

    /// <exception cref="VolumeException">There is none of that name.</exception>
    public Volume Get(string name)
    {
        lock (_lock)
            return Require(name).View();
    }

    /// <summary>Bytes of its files; of one with options only while it is mounted.</summary>
    public ulong SizeOf(string name) => VolumeSize.Of(Get(name).Mountpoint);

    /// <summary>Makes it; one that is there already is returned when it is what was asked for.</summary>
    /// <exception cref="VolumeException">It cannot be, or there is another one of that name.</exception>
    public Volume Create(VolumeSpec spec)
    {
        VolumeRules.Check(spec);
        lock (_lock)
        {
            if (_volumes.GetValueOrDefault(spec.Name) is not { } known)
                return Make(spec).View();
            if (!Same(known.Record.Options, spec.Options)
                || (spec.Labels.Count > 0 && !Same(known.Record.Labels, spec.Labels)))
            {
                throw new VolumeException(
                    VolumeErrorKind.Conflict,
                    $"volume {spec.Name} exists already with other options or labels; remove it first, or use another "
                    + "name");
            }

            return known.View();
        }
    }

    /// <exception cref="VolumeException">Containers use it, or (without <paramref name="force"/>) it is not
    /// there.</exception>
    public void Remove(string name, bool force)
    {
        string gone;
        lock (_lock)
        {
            if (force && !_volumes.ContainsKey(name))
                return;
            gone = TakeAway(Require(name));
        }

        TreeRemover.Remove(gone);
    }

    /// <summary>Removes what nobody uses and <paramref name="wanted"/> says; the names and their bytes.</summary>
    public (IReadOnlyList<string> Names, ulong Bytes) Prune(Func<Volume, bool> wanted)
    {
        var removed = new List<string>();
        var bytes = 0UL;
        foreach (var volume in List().Where(v => v.UsedBy.Count == 0 && wanted(v)))
        {
            var size = VolumeSize.Of(volume.Mountpoint);
            string gone;
            lock (_lock)
            {
                if (_volumes.GetValueOrDefault(volume.Name) is not { Users.Count: 0 } entry)
                    continue;
                gone = TakeAway(entry);
            }

            TreeRemover.Remove(gone);
            bytes += size;
            removed.Add(volume.Name);
        }

        return (removed, bytes);
    }

    /// <summary>
    /// Gives a container its volumes: made, mounted, filled from its image. The same again after a restart gives the
    /// same volumes.
    /// </summary>
    /// <returns>Host paths to mount, in the order of <paramref name="uses"/>.</returns>
    /// <exception cref="VolumeException">One of them cannot be had.</exception>
    public IReadOnlyList<string> Attach(string holder, IReadOnlyList<VolumeUse> uses, string rootfs)
    {
        ImageLeases.RequirePlainWord(holder);
        if (uses.Count == 0)
            return [];
        var entries = Take(holder, uses);
        var paths = new List<string>();
        HostBinds.ReleasePlaces(_files.BindsOf(holder));
        for (var i = 0; i < uses.Count; i++)
        {
            var entry = entries[i];
            lock (entry.Gate)
            {
                entry.CheckOwners();
                entry.Mount();
                if (!uses[i].NoCopy && uses[i].Subpath.Length == 0)
                    entry.Fill(rootfs, uses[i].Target, IsShared(entry, holder));
            }

            if (uses[i].Subpath.Length == 0)
            {
                paths.Add(entry.Data);
                continue;
            }

            var place = Path.Combine(_files.BindsOf(holder), i.ToString(CultureInfo.InvariantCulture));
            entry.Bind(uses[i].Subpath, place);
            paths.Add(place);
        }

        return paths;
    }

    /// <summary>Names of a container's volumes by the place where it has them.</summary>
    public IReadOnlyDictionary<string, string> PlacesOf(string holder)
    {
        lock (_lock)
            return (_users.GetValueOrDefault(holder) ?? []).ToDictionary(static p => p.Target, static p => p.Volume);
    }

    /// <summary>The container is gone. Its anonymous volumes go too, when wanted. Unknown ones are fine.</summary>
    public void Detach(string holder, bool removeAnonymous)
    {
        HostBinds.ReleasePlaces(_files.BindsOf(holder));
        Host.Release(holder);
        var gone = new List<string>();
        lock (_lock)
        {
            if (!_users.Remove(holder, out var places))
                return;
            foreach (var entry in places.Select(p => _volumes.GetValueOrDefault(p.Volume)).OfType<VolumeEntry>())
            {
                entry.Users.Remove(holder);
                if (entry.Users.Count > 0)
                    continue;
                if (removeAnonymous && entry.View().IsAnonymous)
                    gone.Add(TakeAway(entry));
                else
                    entry.Unmount();
            }

            _files.DeleteUser(holder);
        }

        gone.ForEach(TreeRemover.Remove);
    }

    /// <summary>After a restart: what containers had that are not there any more.</summary>
    public void DetachAllBut(IEnumerable<string> holders)
    {
        var known = holders.ToHashSet(StringComparer.Ordinal);
        List<string> gone;
        lock (_lock)
            gone = [.. _users.Keys.Where(h => !known.Contains(h))];
        foreach (var holder in gone)
            Detach(holder, removeAnonymous: true);
        foreach (var binds in _files.Binds.Where(b => !known.Contains(Path.GetFileName(b))).ToList())
            HostBinds.ReleasePlaces(binds);
        Host.ReleaseAllBut(known);
    }

    private List<VolumeEntry> Take(string holder, IReadOnlyList<VolumeUse> uses)
    {
        foreach (var use in uses)
        {
            VolumeRules.Check(use.Volume);
            if (use.Subpath.Length > 0 && VolumeRules.SubpathFault(use.Subpath) is { } fault)
                throw VolumeException.Invalid(fault);
        }

        lock (_lock)
        {
            var had = _users.GetValueOrDefault(holder) ?? [];
            var entries = uses.Select(use => Entry(use, had)).ToList();
            _users[holder] = [.. uses.Zip(entries, static (u, e) => new VolumePlace(u.Target, e.Record.Name))];
            _files.SaveUser(holder, _users[holder]);
            entries.ForEach(e => e.Users.Add(holder));
            return entries;
        }
    }

    /// <summary>A named one as it is there; an anonymous one is found again by its place.</summary>
    private VolumeEntry Entry(VolumeUse use, List<VolumePlace> had)
    {
        var name = use.Volume.Name.Length > 0 ? use.Volume.Name : had.Find(p => p.Target == use.Target)?.Volume ?? "";
        return _volumes.GetValueOrDefault(name) ?? Make(use.Volume);
    }

    private VolumeEntry Make(VolumeSpec spec)
    {
        var labels = spec.Labels.ToDictionary();
        var name = spec.Name;
        if (name.Length == 0)
        {
            name = RandomNumberGenerator.GetHexString(AnonymousNameBytes * 2, lowercase: true);
            labels[Volume.AnonymousLabel] = "";
        }

        var record = new VolumeRecord(name, spec.Options.ToDictionary(), labels, _time.GetUtcNow())
        {
            RootId = _files.Walls.RootId,
        };
        _files.Create(record);
        return _volumes[name] = new VolumeEntry(record, _files);
    }

    private bool IsShared(VolumeEntry entry, string holder)
    {
        lock (_lock)
            return entry.Users.Any(u => u != holder);
    }

    /// <summary>Nobody finds it any more; the path of its files, for deletion without the lock.</summary>
    private string TakeAway(VolumeEntry entry)
    {
        var name = entry.Record.Name;
        if (entry.Users.Count > 0)
        {
            throw new VolumeException(
                VolumeErrorKind.InUse,
                $"remove {name}: volume is in use by {string.Join(", ", entry.Users.Select(NameOf))}; "
                + "remove these containers first, those of services by removing or scaling the service");
        }

        entry.Unmount();
        var gone = _files.TakeAway(name);
        _volumes.Remove(name);
        return gone;
    }

    private VolumeEntry Require(string name) => _volumes.GetValueOrDefault(name)
        ?? throw new VolumeException(VolumeErrorKind.NotFound, $"get {Printable.Value(name)}: no such volume");

    private static bool Same(IReadOnlyDictionary<string, string> a, IReadOnlyDictionary<string, string> b) =>
        a.Count == b.Count && a.All(p => b.TryGetValue(p.Key, out var value) && value == p.Value);
}
