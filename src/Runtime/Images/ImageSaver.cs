using System.Formats.Tar;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Swarm.Runtime.Images;

/// <summary>
/// Writes images as one tar archive that is an OCI layout and docker's own form at once: docker, podman, skopeo and we
/// read it. Archives of layers that are not here any more are fetched from their registry.
/// </summary>
internal sealed class ImageSaver(StoreParts parts, ImageInventory inventory, LayerSources sources)
{
    private static readonly DateTimeOffset s_time = DateTimeOffset.UnixEpoch;

    private sealed record Chosen(StoredImage Image, ManifestDocument.Image Manifest, byte[] Bytes, List<string> Tags);

    internal async Task SaveAsync(IReadOnlyList<string> names, Stream target, CancellationToken ct)
    {
        using var pin = parts.Pins.New();
        var chosen = Choose(names, pin);
        var writer = new TarWriter(target, TarEntryFormat.Pax, leaveOpen: true);
        await using var _ = writer.ConfigureAwait(false);
        var written = new HashSet<ImageDigest>();
        foreach (var image in chosen)
        {
            foreach (var (layer, diffId) in image.Manifest.Layers.Zip(image.Image.Config.DiffIds))
            {
                if (!written.Add(layer.Digest))
                    continue;
                using var archive = await sources.GetAsync(image.Image, layer, diffId, ct).ConfigureAwait(false);
                var content = File.OpenRead(archive.Path);
                await using (content.ConfigureAwait(false))
                    await WriteAsync(writer, PathOf(layer.Digest), content, ct).ConfigureAwait(false);
            }

            if (written.Add(image.Image.Id))
                await WriteAsync(writer, PathOf(image.Image.Id), inventory.ConfigOf(image.Image), ct)
                    .ConfigureAwait(false);
            if (written.Add(image.Image.Manifest))
                await WriteAsync(writer, PathOf(image.Image.Manifest), image.Bytes, ct).ConfigureAwait(false);
        }

        await WriteAsync(writer, "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}"u8.ToArray(), ct)
            .ConfigureAwait(false);
        await WriteAsync(writer, "index.json", Index(chosen), ct).ConfigureAwait(false);
        await WriteAsync(writer, "manifest.json", DockerManifest(chosen), ct).ConfigureAwait(false);
    }

    /// <summary>Everything that can be refused is, before the first byte is written.</summary>
    private List<Chosen> Choose(IReadOnlyList<string> names, StorePins.Pin pin)
    {
        var chosen = new List<Chosen>();
        foreach (var name in names)
        {
            var image = inventory.Get(name);
            pin.Add(image.Records.Select(r => r.Hex));
            var tag = ImageReference.TryParse(name, out var reference, out _) && reference.Digest is null
                && image.TagKeys.Contains(ImageNames.KeyOf(reference)) ? ImageNames.KeyOf(reference) : null;
            var known = chosen.Find(c => c.Image.Id == image.Id);
            if (known is null)
            {
                var (manifest, bytes) = sources.Manifest(image);
                chosen.Add(known = new Chosen(image, manifest, bytes, []));
            }

            if (tag is not null && !known.Tags.Contains(tag))
                known.Tags.Add(tag);
        }

        return chosen;
    }

    private static byte[] Index(List<Chosen> chosen) => JsonSerializer.SerializeToUtf8Bytes(new JsonObject
    {
        ["schemaVersion"] = 2,
        ["mediaType"] = MediaTypes.OciIndex,
        ["manifests"] = new JsonArray([.. chosen.SelectMany(
            c => c.Tags.Count > 0 ? c.Tags.Select(t => Entry(c, t)) : [Entry(c, null)])]),
    });

    private static JsonNode Entry(Chosen chosen, string? tag)
    {
        var entry = new JsonObject
        {
            ["mediaType"] = LayerSources.MediaTypeOf(chosen.Bytes),
            ["digest"] = chosen.Image.Manifest.ToString(),
            ["size"] = chosen.Bytes.Length,
        };
        if (tag is not null)
        {
            entry["annotations"] = new JsonObject
            {
                [LayoutIndex.FullName] = tag, [LayoutIndex.RefName] = tag[(tag.LastIndexOf(':') + 1)..],
            };
        }

        return entry;
    }

    private static byte[] DockerManifest(List<Chosen> chosen) =>
        JsonSerializer.SerializeToUtf8Bytes(chosen.Select(c => new
        {
            Config = PathOf(c.Image.Id),
            RepoTags = c.Tags.Select(t => ImageReference.Parse(t).ToString()),
            Layers = c.Manifest.Layers.Select(l => PathOf(l.Digest)),
        }));

    private static string PathOf(ImageDigest digest) => $"blobs/sha256/{digest.Hex}";

    private static async Task WriteAsync(TarWriter writer, string name, byte[] content, CancellationToken ct)
    {
        using var stream = new MemoryStream(content);
        await WriteAsync(writer, name, stream, ct).ConfigureAwait(false);
    }

    private static async Task WriteAsync(TarWriter writer, string name, Stream content, CancellationToken ct)
    {
        const UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead
            | UnixFileMode.OtherRead;
        var entry = new PaxTarEntry(TarEntryType.RegularFile, name)
        {
            DataStream = content, Mode = mode, ModificationTime = s_time,
        };
        await writer.WriteEntryAsync(entry, ct).ConfigureAwait(false);
    }
}
