using System.Text.Json;
using Swarm.Runtime.Images;

namespace Swarm.Runtime.Volumes;

/// <summary>Where one container has which volume.</summary>
internal sealed record VolumePlace(string Target, string Volume);

/// <summary>
/// The directory of all volumes, 0700: <c>all/NAME/{volume.json,_data}</c>, <c>users/CONTAINER</c>,
/// <c>binds/CONTAINER/N</c> for parts of volumes, and <c>tmp</c>, which is emptied at start.
/// </summary>
internal sealed class VolumeFiles
{
    private const string RecordName = "volume.json";
    private readonly string _all;
    private readonly string _users;
    private readonly string _binds;
    private readonly string _temporary;

    internal VolumeFiles(string directory, VolumeWalls walls)
    {
        Walls = walls;
        HostBinds = Path.Combine(directory, "host");
        _all = Path.Combine(directory, "all");
        _users = Path.Combine(directory, "users");
        _binds = Path.Combine(directory, "binds");
        _temporary = Path.Combine(directory, "tmp");
        TreeRemover.Remove(_temporary);
        foreach (var path in new[] { directory, _all, _users, _binds, _temporary })
            StoreFiles.MakePrivateDirectory(path);
        walls.UserRange?.LetThrough(directory, _all, _binds);
    }

    internal VolumeWalls Walls { get; }

    internal string HostBinds { get; }

    internal string DataOf(string volume) => Path.Combine(_all, volume, "_data");

    internal string BindsOf(string holder) => Path.Combine(_binds, holder);

    internal IEnumerable<string> Binds => Directory.EnumerateDirectories(_binds);

    /// <summary>An empty directory in the same file system.</summary>
    internal string NewTemporary()
    {
        var path = Path.Combine(_temporary, Path.GetRandomFileName());
        StoreFiles.MakePrivateDirectory(path);
        return path;
    }

    /// <summary>Whole or not at all.</summary>
    internal void Create(VolumeRecord record)
    {
        var half = NewTemporary();
        MakeData(Path.Combine(half, "_data"));
        StoreFiles.WriteDurably(
            Path.Combine(half, RecordName), JsonSerializer.SerializeToUtf8Bytes(record), _temporary);
        StoreFiles.MoveDurably(half, Path.Combine(_all, record.Name));
        Walls.UserRange?.LetThrough(Path.Combine(_all, record.Name));
    }

    /// <summary>The volume is gone durably; the path of what is left to delete.</summary>
    internal string TakeAway(string volume)
    {
        var gone = Path.Combine(_temporary, Path.GetRandomFileName());
        Directory.Move(Path.Combine(_all, volume), gone);
        using var all = ImageNative.OpenDirectory(_all);
        ImageNative.Sync(all, _all);
        return gone;
    }

    internal IEnumerable<VolumeRecord> Load(Action<string> log)
    {
        foreach (var path in Directory.EnumerateDirectories(_all).Order(StringComparer.Ordinal))
        {
            var file = Path.Combine(path, RecordName);
            VolumeRecord? record = null;
            try
            {
                record = JsonSerializer.Deserialize<VolumeRecord>(File.ReadAllBytes(file));
            }
            catch (Exception e) when (e is JsonException or IOException)
            {
                // Somebody's data may be in it: it stays, but nobody gets it under a name that means something else.
                log($"the volume in {path} cannot be read and is left alone: {e.Message}");
            }

            if (record is null || record.Name != Path.GetFileName(path))
                continue;
            // A crash between the two steps that put copied content in its place.
            if (!Directory.Exists(DataOf(record.Name)))
                MakeData(DataOf(record.Name));
            yield return record;
        }
    }

    private void MakeData(string path)
    {
        Directory.CreateDirectory(path);
        Walls.UserRange?.GiveToRoot(path);
        File.SetUnixFileMode(path, Shared);
    }

    internal void SaveUser(string holder, IReadOnlyList<VolumePlace> places) => StoreFiles.WriteDurably(
        Path.Combine(_users, holder), JsonSerializer.SerializeToUtf8Bytes(places), _temporary);

    internal void DeleteUser(string holder) => File.Delete(Path.Combine(_users, holder));

    internal IEnumerable<(string Holder, List<VolumePlace> Places)> LoadUsers(Action<string> log)
    {
        foreach (var file in Directory.EnumerateFiles(_users))
        {
            List<VolumePlace>? places = null;
            try
            {
                places = JsonSerializer.Deserialize<List<VolumePlace>>(File.ReadAllBytes(file));
            }
            catch (JsonException e)
            {
                log($"which volumes container {Path.GetFileName(file)} has cannot be read: {e.Message}");
            }

            yield return (Path.GetFileName(file), places ?? []);
        }
    }

    private const UnixFileMode Shared = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
}

/// <summary>What is remembered of a volume.</summary>
internal sealed record VolumeRecord(
    string Name, Dictionary<string, string> Options, Dictionary<string, string> Labels, DateTimeOffset CreatedAt)
{
    /// <summary>The host's id of root in the containers that write it.</summary>
    public long RootId { get; init; }
}
