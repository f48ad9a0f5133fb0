namespace Swarm.Runtime.Images;

/// <summary>The images of this machine for people: lists, tags, removals.</summary>
public sealed class ImageInventory
{
    /// <summary>Host of references to images that are in no registry; the name can never be resolved.</summary>
    internal const string NoRegistry = "unnamed.invalid";

    private readonly StoreParts _parts;
    private readonly ImageRemoval _removal;

    internal ImageInventory(StoreParts parts)
    {
        _parts = parts;
        _removal = new ImageRemoval(this, parts);
    }

    /// <summary>All images, the newest first.</summary>
    public IReadOnlyList<StoredImage> List()
    {
        var names = _parts.Names.All.ToLookup(n => n.Value, n => n.Key);
        var holders = _parts.Leases.Holders;
        var services = _parts.Services.Kept(DateTimeOffset.UtcNow);
        return
        [
            .. _parts.Records.All.GroupBy(r => r.Value.Config)
                .Select(g => Describe([.. g], names, holders, services))
                .OrderByDescending(i => i.Config.Created ?? DateTimeOffset.MinValue)
                .ThenBy(i => i.Id.Hex, StringComparer.Ordinal),
        ];
    }

    /// <summary>The image of a tag, an id, the beginning of an id, or a repository@digest.</summary>
    /// <exception cref="ImageException">There is none (NotFound), or several begin so (Invalid).</exception>
    public StoredImage Get(string nameOrId)
    {
        var all = List();
        if (ImageDigest.TryParse(nameOrId, out var digest))
            return all.FirstOrDefault(i => i.Id == digest || i.Records.Contains(digest)) ?? throw NotFound(nameOrId);
        if (ImageReference.TryParse(nameOrId, out var reference, out _) && FindNamed(all, reference) is { } named)
            return named;
        if (!IsHex(nameOrId))
            throw NotFound(nameOrId);
        var matching = all.Where(i => i.Id.Hex.StartsWith(nameOrId, StringComparison.Ordinal)).Take(2).ToList();
        return matching.Count switch
        {
            0 => throw NotFound(nameOrId),
            1 => matching[0],
            _ => throw ImageException.Invalid($"several images begin with {nameOrId}: write more of the id"),
        };
    }

    /// <summary>The config as it is stored: JSON of its builder.</summary>
    /// <exception cref="ImageException">It is damaged on the disk.</exception>
    public byte[] ConfigOf(StoredImage image) =>
        _parts.Blobs.TryRead(image.Id)
        ?? throw ImageException.Corrupt(
            $"the config of image {image.ShortId} is damaged on this disk: remove the image and pull it again");

    /// <summary>Gives the image another tag; a tag that was another image's moves.</summary>
    /// <exception cref="ImageException">No such image, or no tag.</exception>
    public void Tag(string nameOrId, string tag)
    {
        var target = ParseTag(tag);
        lock (_parts.Pins.Gate)
        {
            var image = Get(nameOrId);
            _parts.Names.Set(target, RecordFor(image, nameOrId));
        }
    }

    /// <summary>True when the image is here under that digest, and under the tag if one is asked for.</summary>
    public bool Has(ImageDigest digest, ImageReference reference) =>
        _parts.Records.Find(digest) is not null
        && (reference.Digest is not null || _parts.Names.Find(reference) == digest);

    /// <summary>Gives an image that was just brought a tag; one that was another image's moves.</summary>
    /// <exception cref="ImageException">It was removed meanwhile.</exception>
    public void Name(ImageReference tag, LocalImage image)
    {
        lock (_parts.Pins.Gate)
        {
            if (_parts.Records.Find(image.Digest) is null)
                throw NotFound(image.Digest.ToString());
            _parts.Names.Set(tag, image.Digest);
        }
    }

    /// <summary>Takes a tag away, or with the last one (or by id) the image.</summary>
    /// <param name="nameOrId">Tag, id, beginning of an id, or repository@digest.</param>
    /// <param name="force">Also several tags, and what is kept for a rollback; never what is used.</param>
    /// <exception cref="ImageException">No such image, or it is needed (kind InUse).</exception>
    public RemovedImages Remove(string nameOrId, bool force) => _removal.Remove(nameOrId, force);

    /// <summary>Removes images that nobody uses and no service may be rolled back to.</summary>
    /// <param name="all">Also those with a tag.</param>
    /// <param name="matches">Which of them.</param>
    public RemovedImages Prune(bool all, Func<StoredImage, bool> matches) => _removal.Prune(all, matches);

    /// <summary>A tag, without a digest.</summary>
    /// <exception cref="ImageException">The text is none.</exception>
    internal static ImageReference ParseTag(string tag)
    {
        var target = ImageReference.Parse(tag);
        return target.Digest is null
            ? target
            : throw ImageException.Invalid($"\"{tag}\" cannot be a tag: it has a digest");
    }

    internal ImageReference? FindPinned(string nameOrId)
    {
        try
        {
            var image = Get(nameOrId);
            var digest = RecordFor(image, nameOrId);
            if (ImageReference.TryParse(nameOrId, out var name, out _) && _parts.Names.Find(name) == digest)
                return name.Pin(digest);
            var repository = _parts.Records.Find(digest) is { Repositories: [var first, ..] }
                ? first
                : NoRegistry + "/image";
            return ImageReference.Parse($"{repository}@{digest}");
        }
        catch (ImageException e) when (e.Kind is ImageErrorKind.NotFound or ImageErrorKind.Invalid)
        {
            return null;
        }
    }

    /// <summary>What a tag points to: what the name does, else the manifest, else any.</summary>
    private ImageDigest RecordFor(StoredImage image, string nameOrId)
    {
        var wanted = ImageReference.TryParse(nameOrId, out var name, out _)
            ? name.Digest ?? _parts.Names.Find(name)
            : null;
        return wanted is { } digest && image.Records.Contains(digest) ? digest
            : image.Records.Contains(image.Manifest) ? image.Manifest
            : image.Records[0];
    }

    private StoredImage? FindNamed(IReadOnlyList<StoredImage> all, ImageReference reference)
    {
        var digest = reference.Digest is { } pinned
            ? _parts.Records.Find(pinned)?.Repositories.Contains(reference.FullRepository) == true ? pinned : null
            : _parts.Names.Find(reference);
        return digest is null ? null : all.FirstOrDefault(i => i.Records.Contains(digest.Value));
    }

    private StoredImage Describe(
        IReadOnlyList<KeyValuePair<ImageDigest, ImageRecord>> records,
        ILookup<ImageDigest, string> names,
        ILookup<ImageDigest, string> holders,
        ILookup<ImageDigest, string> services)
    {
        var first = records.MinBy(r => r.Value.AddedAt).Value;
        var config = _parts.Blobs.TryRead(first.Id) is { } bytes ? ImageConfigParser.Parse(bytes) : new ImageConfig();
        var keys = records.SelectMany(r => names[r.Key]).Order(StringComparer.Ordinal).ToList();
        return new StoredImage
        {
            Id = first.Id,
            Manifest = ImageDigest.OfHex(first.Manifest),
            TagKeys = keys,
            Tags = [.. keys.Select(k => ImageReference.Parse(k).ToString())],
            Digests = [.. records.SelectMany(r => r.Value.Repositories.Select(
                    repository => ImageReference.Parse($"{repository}@{r.Key}").ToString()))
                .Order(StringComparer.Ordinal)],
            Config = config,
            LayerBytes = [.. config.DiffIds.Select(
                (d, i) => config.DiffIds.Take(i).Contains(d) ? 0 : _parts.Layers.Has(d)
                    ? _parts.Layers.Describe(d).Bytes : 0)],
            AddedAt = first.AddedAt,
            UsedAt = records.Max(r => r.Value.UsedAt),
            UsedBy = [.. records.SelectMany(r => holders[r.Key]).Order(StringComparer.Ordinal)],
            KeptFor = [.. records.SelectMany(r => services[r.Key]).Distinct().Order(StringComparer.Ordinal)],
            Records = [.. records.Select(r => r.Key)],
        };
    }

    private static bool IsHex(string text) =>
        text.Length is > 0 and <= 64 && text.All(c => char.IsAsciiHexDigitLower(c));

    private static ImageException NotFound(string nameOrId) =>
        new(ImageErrorKind.NotFound, $"No such image: {NativeName.Show(NativeName.Of(nameOrId))}");
}
