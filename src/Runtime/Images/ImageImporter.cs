using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Swarm.Runtime.Images;

/// <summary>What an imported root file system becomes.</summary>
/// <param name="Message">For its history.</param>
/// <param name="Changes">Dockerfile instructions.</param>
public sealed record ImportOptions(string Message, IReadOnlyList<string> Changes);

/// <summary>An image of one layer from the archive of a root file system (plain, gzip or zstd tar).</summary>
internal sealed class ImageImporter(StoreParts parts, ImageLoader loader)
{
    internal async Task<ImageDigest> ImportAsync(
        Stream archive, ImageReference? tag, ImportOptions options, CancellationToken ct)
    {
        var file = parts.NewTemporary();
        using var pin = parts.Pins.New();
        try
        {
            Uploads.Save(archive, file, parts.Limits.MaxUncompressedBytes, ct);
            ImageDigest diffId;
            using (var stream = new LayerStream(file, parts.Limits, ct))
                diffId = stream.Finish();
            var config = Config(diffId, options, parts.Registry.Options.Architecture, DateTimeOffset.UtcNow);
            // Before anything is stored: a bad change is told at once.
            ImageConfigParser.Parse(config);
            var layer = LayerBlob.Adopt(file, parts, pin);
            var digest = ManifestWriter.Write(config, [layer], parts.Blobs, pin);
            var record = await loader.CompleteAsync(digest, [layer.Digest], ct).ConfigureAwait(false);
            if (tag is not null)
                parts.Names.Set(tag, digest);
            return record.Id;
        }
        finally
        {
            File.Delete(file);
            pin.Dispose();
            parts.Sweeper.Sweep(() => []);
        }
    }

    private static byte[] Config(ImageDigest diffId, ImportOptions options, string architecture, DateTimeOffset now)
    {
        var created = now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);
        var history = new JsonObject { ["created"] = created, ["comment"] = options.Message };
        return JsonSerializer.SerializeToUtf8Bytes(new JsonObject
        {
            ["created"] = created,
            ["architecture"] = architecture,
            ["os"] = "linux",
            ["config"] = ConfigChanges.Apply(options.Changes),
            ["rootfs"] = new JsonObject { ["type"] = "layers", ["diff_ids"] = new JsonArray(diffId.ToString()) },
            ["history"] = new JsonArray(history),
        });
    }
}
