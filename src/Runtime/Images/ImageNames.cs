using System.Collections.Immutable;
using System.Text.Json;

namespace Swarm.Runtime.Images;

/// <summary>
/// Tags of this machine (<c>names.json</c>): host/path:tag to the digest of a complete image. Nothing but
/// <c>image pull|tag|load|import</c> makes them: tasks have digests.
/// </summary>
internal sealed class ImageNames
{
    /// <summary>Tags of one machine; the file is written whole at each change.</summary>
    internal const int MaxNames = 20_000;

    private readonly string _file;
    private readonly string _temporary;
    private readonly Lock _writing = new();
    private ImmutableSortedDictionary<string, ImageDigest> _names =
        ImmutableSortedDictionary<string, ImageDigest>.Empty.WithComparers(StringComparer.Ordinal);

    internal ImageNames(string store, string temporary)
    {
        _file = Path.Combine(store, "names.json");
        _temporary = temporary;
        if (!File.Exists(_file))
            return;
        var stored = JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllBytes(_file)) ?? [];
        _names = _names.AddRange(stored.Select(n => KeyValuePair.Create(n.Key, ImageDigest.OfHex(n.Value))));
    }

    internal ImmutableSortedDictionary<string, ImageDigest> All => _names;

    internal ImageDigest? Find(ImageReference tagged) =>
        tagged.Tag is not null && _names.TryGetValue(KeyOf(tagged), out var digest) ? digest : null;

    internal void Set(ImageReference tagged, ImageDigest digest) => Change(names =>
        names.Count < MaxNames || names.ContainsKey(KeyOf(tagged))
            ? names.SetItem(KeyOf(tagged), digest)
            : throw ImageException.TooLarge($"there are {MaxNames} tags on this node already; remove some first"));

    internal void Remove(IEnumerable<string> keys) => Change(names => names.RemoveRange(keys));

    /// <summary>host/path:tag, without a digest.</summary>
    internal static string KeyOf(ImageReference tagged) => $"{tagged.Host}/{tagged.Repository}:{tagged.Tag}";

    private void Change(
        Func<ImmutableSortedDictionary<string, ImageDigest>, ImmutableSortedDictionary<string, ImageDigest>> change)
    {
        lock (_writing)
        {
            var next = change(_names);
            if (next == _names)
                return;
            StoreFiles.WriteDurably(
                _file,
                JsonSerializer.SerializeToUtf8Bytes(next.ToDictionary(n => n.Key, n => n.Value.Hex)),
                _temporary);
            _names = next;
        }
    }
}
