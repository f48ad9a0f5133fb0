namespace Swarm.Runtime.Images;

/// <summary>
/// Who may remove which image: never what a container uses, and what a rollback needs only by force. The words are
/// docker's.
/// </summary>
internal sealed class ImageRemoval(ImageInventory inventory, StoreParts parts)
{
    internal RemovedImages Remove(string nameOrId, bool force)
    {
        List<string> untagged = [];
        StoredImage? gone = null;
        var swept = parts.Sweeper.Sweep(() =>
        {
            var image = inventory.Get(nameOrId);
            var tag = TagMeant(image, nameOrId);
            var stays = tag is not null ? KeepsByTag(image, nameOrId, force) : KeepsById(image, nameOrId, force);
            untagged.AddRange(tag is not null ? [tag] : image.TagKeys);
            parts.Names.Remove(untagged);
            if (stays)
                return [];
            gone = image;
            return image.Records;
        });
        return Result(untagged, gone is null ? [] : [gone], swept);
    }

    internal RemovedImages Prune(bool all, Func<StoredImage, bool> matches)
    {
        List<StoredImage> gone = [];
        var swept = parts.Sweeper.Sweep(() =>
        {
            gone.AddRange(inventory.List().Where(i => IsFree(i) && (all || i.Tags.Count == 0) && matches(i)));
            parts.Names.Remove(gone.SelectMany(i => i.TagKeys));
            return gone.SelectMany(i => i.Records);
        });
        return Result(gone.SelectMany(i => i.TagKeys), gone, swept);
    }

    /// <summary>Nobody has it, nobody is getting it, no service may need it.</summary>
    internal bool IsFree(StoredImage image) =>
        image.UsedBy.Count == 0 && image.KeptFor.Count == 0 && !image.Records.Any(r => parts.Pins.IsPinned(r.Hex));

    private static RemovedImages Result(IEnumerable<string> tags, IReadOnlyList<StoredImage> gone, Swept swept) => new(
        [.. tags.Select(t => ImageReference.Parse(t).ToString()), .. gone.SelectMany(i => i.Digests)],
        [.. gone.Select(i => i.Id), .. gone.Count > 0 ? swept.Layers : []],
        swept.Bytes);

    /// <summary>The tag that the text is, or null when it is an id or digest.</summary>
    private string? TagMeant(StoredImage image, string nameOrId) =>
        ImageReference.TryParse(nameOrId, out var reference, out _) && reference.Digest is null
            && image.TagKeys.Contains(ImageNames.KeyOf(reference)) ? ImageNames.KeyOf(reference) : null;

    /// <summary>True when only the tag goes.</summary>
    private bool KeepsByTag(StoredImage image, string tag, bool force)
    {
        if (image.TagKeys.Count > 1)
            return true;
        var refused = $"conflict: unable to remove repository reference \"{tag}\" (must force)";
        if (!force && image.UsedBy.Count > 0)
            throw InUse(
                $"{refused} - container {Short(image.UsedBy[0])} is using its referenced image {image.ShortId}");
        if (!force)
            RequireNoRollback(image, refused);
        return image.UsedBy.Count > 0 || IsPinned(image);
    }

    /// <summary>True when only the tags go.</summary>
    private bool KeepsById(StoredImage image, string nameOrId, bool force)
    {
        var what = $"conflict: unable to delete {Short(nameOrId)}";
        if (!force && image.TagKeys.Select(RepositoryOf).Distinct().Skip(1).Any())
            throw InUse($"{what} (must be forced) - image is referenced in multiple repositories");
        if (image.UsedBy.Count > 0)
            throw InUse(
                $"{what} (cannot be forced) - image is being used by running container {Short(image.UsedBy[0])}");
        if (IsPinned(image))
            throw InUse($"{what} (cannot be forced) - it is being pulled or started");
        if (!force)
            RequireNoRollback(image, what + " (must be forced)");
        return false;
    }

    private static void RequireNoRollback(StoredImage image, string refused)
    {
        if (image.KeptFor.Count > 0)
            throw InUse(
                $"{refused} - image {image.ShortId} is kept for service {Short(image.KeptFor[0])}, which may be "
                + "rolled back to it");
    }

    private bool IsPinned(StoredImage image) => image.Records.Any(r => parts.Pins.IsPinned(r.Hex));

    private static string RepositoryOf(string key) => key[..key.LastIndexOf(':')];

    private static string Short(string id)
    {
        var hex = id.StartsWith("sha256:", StringComparison.Ordinal) ? id["sha256:".Length..] : id;
        return hex.Length > 12 ? hex[..12] : hex;
    }

    private static ImageException InUse(string message) => new(ImageErrorKind.InUse, message);
}
