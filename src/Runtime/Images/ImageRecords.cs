using System.Collections.Concurrent;
using System.Text.Json;

namespace Swarm.Runtime.Images;

/// <summary>A complete image: its name and the digests (hex) of all blobs and layers it needs.</summary>
internal sealed record ImageRecord(string Name, IReadOnlyList<string> Needs);

/// <summary>Which images are complete (<c>images/</c>) and who holds them (<c>leases/</c>), as small files.</summary>
internal sealed class ImageRecords
{
    private const int MaxHolderChars = 128;
    private readonly string _images;
    private readonly string _leases;
    private readonly string _temporary;
    private readonly ConcurrentDictionary<ImageDigest, ImageRecord> _records = new();
    private readonly ConcurrentDictionary<string, ImageDigest> _holders = new();

    internal ImageRecords(string store, string temporary)
    {
        _images = Path.Combine(store, "images");
        _leases = Path.Combine(store, "leases");
        _temporary = temporary;
        StoreFiles.MakePrivateDirectory(_images);
        StoreFiles.MakePrivateDirectory(_leases);
        foreach (var file in Directory.EnumerateFiles(_images))
        {
            if (Digest(Path.GetFileName(file)) is { } digest
                && JsonSerializer.Deserialize<ImageRecord>(File.ReadAllBytes(file)) is { } record)
                _records[digest] = record;
        }

        foreach (var file in Directory.EnumerateFiles(_leases))
        {
            if (Digest(File.ReadAllText(file)) is { } digest)
                _holders[Path.GetFileName(file)] = digest;
        }
    }

    internal int Count => _records.Count;

    internal void Add(ImageDigest digest, ImageRecord record)
    {
        if (_records.TryGetValue(digest, out var old) && old.Name == record.Name)
            return;
        StoreFiles.WriteDurably(
            Path.Combine(_images, digest.Hex), JsonSerializer.SerializeToUtf8Bytes(record), _temporary);
        _records[digest] = record;
    }

    internal void Lease(string holder, ImageDigest digest)
    {
        if (holder.Length is 0 or > MaxHolderChars || holder[0] == '.'
            || !holder.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
            throw new ArgumentException($"\"{holder}\" cannot hold an image: not a plain word", nameof(holder));
        StoreFiles.WriteDurably(
            Path.Combine(_leases, holder), System.Text.Encoding.ASCII.GetBytes(digest.Hex), _temporary);
        _holders[holder] = digest;
    }

    internal void Release(string holder)
    {
        if (_holders.TryRemove(holder, out _))
            File.Delete(Path.Combine(_leases, holder));
    }

    internal List<ImageDigest> RemoveUnleased()
    {
        var held = _holders.Values.ToHashSet();
        var unheld = _records.Keys.Where(d => !held.Contains(d)).ToList();
        foreach (var digest in unheld)
        {
            File.Delete(Path.Combine(_images, digest.Hex));
            _records.TryRemove(digest, out _);
        }

        return unheld;
    }

    /// <summary>Digests (hex) that some image needs.</summary>
    internal HashSet<string> NeededHex() => [.. _records.Values.SelectMany(r => r.Needs)];

    private static ImageDigest? Digest(string hex) =>
        ImageDigest.TryParse("sha256:" + hex, out var digest) ? digest : null;
}
