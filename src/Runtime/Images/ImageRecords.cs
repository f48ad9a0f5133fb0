using System.Collections.Concurrent;
using System.Text.Json;

namespace Swarm.Runtime.Images;

/// <summary>A complete image: the digests (hex) of all blobs and layers it needs.</summary>
/// <param name="Config">Digest (hex) of its config: docker's image id.</param>
/// <param name="Manifest">Digest (hex) of the manifest for this platform.</param>
/// <param name="Needs">Digests (hex) of manifests, config, layers and, where they are kept, layer archives.</param>
internal sealed record ImageRecord(string Config, string Manifest, IReadOnlyList<string> Needs)
{
    /// <summary>Where it can be had again, as host/path; empty for what was loaded from a file.</summary>
    public IReadOnlyList<string> Repositories { get; init; } = [];

    /// <summary>When it came.</summary>
    public DateTimeOffset AddedAt { get; init; }

    /// <summary>When a task last wanted it; not exact to more than an hour.</summary>
    public DateTimeOffset UsedAt { get; init; }

    internal ImageDigest Id => ImageDigest.OfHex(Config);
}

/// <summary>Which images are complete (<c>images/</c>), as small files.</summary>
internal sealed class ImageRecords
{
    private static readonly TimeSpan s_useIsWrittenEvery = TimeSpan.FromHours(1);
    private readonly string _images;
    private readonly string _temporary;
    private readonly ConcurrentDictionary<ImageDigest, ImageRecord> _records = new();
    private readonly Lock _writing = new();

    internal ImageRecords(string store, string temporary)
    {
        _images = Path.Combine(store, "images");
        _temporary = temporary;
        StoreFiles.MakePrivateDirectory(_images);
        foreach (var file in Directory.EnumerateFiles(_images))
        {
            if (ImageDigest.TryParseHex(Path.GetFileName(file), out var digest)
                && JsonSerializer.Deserialize<ImageRecord>(File.ReadAllBytes(file)) is { Config: not null } record)
                _records[digest] = record;
        }
    }

    internal int Count => _records.Values.Select(r => r.Config).Distinct().Count();

    internal IReadOnlyDictionary<ImageDigest, ImageRecord> All => _records;

    internal ImageRecord? Find(ImageDigest digest) => _records.GetValueOrDefault(digest);

    /// <summary>Adds the image, or what is new about one that is there: another repository, other kept parts.</summary>
    internal void Add(ImageDigest digest, ImageRecord record)
    {
        lock (_writing)
        {
            if (Find(digest) is { } old)
            {
                record = record with
                {
                    AddedAt = old.AddedAt,
                    Needs = [.. old.Needs.Union(record.Needs)],
                    Repositories = [.. old.Repositories.Union(record.Repositories)],
                };
                if (record.Needs.Count == old.Needs.Count && record.Repositories.Count == old.Repositories.Count)
                    return;
            }

            Write(digest, record);
        }
    }

    /// <summary>Remembers that the image is wanted now; written once an hour at most.</summary>
    internal void Touch(ImageDigest digest, DateTimeOffset now)
    {
        lock (_writing)
        {
            if (Find(digest) is { } record && now - record.UsedAt > s_useIsWrittenEvery)
                Write(digest, record with { UsedAt = now });
        }
    }

    internal void Remove(ImageDigest digest)
    {
        lock (_writing)
        {
            File.Delete(Path.Combine(_images, digest.Hex));
            _records.TryRemove(digest, out _);
        }
    }

    /// <summary>Digests (hex) that some image needs.</summary>
    internal HashSet<string> NeededHex() => [.. _records.Values.SelectMany(r => r.Needs)];

    private void Write(ImageDigest digest, ImageRecord record)
    {
        StoreFiles.WriteDurably(
            Path.Combine(_images, digest.Hex), JsonSerializer.SerializeToUtf8Bytes(record), _temporary);
        _records[digest] = record;
    }
}
