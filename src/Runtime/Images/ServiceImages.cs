using System.Collections.Concurrent;
using System.Text.Json;

namespace Swarm.Runtime.Images;

/// <summary>
/// The last two images that each service ran on this node (<c>services/&lt;id&gt;</c>): the one in use, and the one
/// that a rollback goes back to. A node does not learn that a service is gone, so this is forgotten after
/// <see cref="KeepDays"/> without a task of it.
/// </summary>
internal sealed class ServiceImages
{
    internal const int KeepDays = 7;
    private static readonly TimeSpan s_useIsWrittenEvery = TimeSpan.FromHours(1);
    private readonly string _directory;
    private readonly string _temporary;
    private readonly ConcurrentDictionary<string, Entry> _services = new();
    private readonly Lock _writing = new();

    private sealed record Entry(string Current, string Previous, DateTimeOffset UsedAt);

    internal ServiceImages(string store, string temporary)
    {
        _directory = Path.Combine(store, "services");
        _temporary = temporary;
        StoreFiles.MakePrivateDirectory(_directory);
        foreach (var file in Directory.EnumerateFiles(_directory))
        {
            if (JsonSerializer.Deserialize<Entry>(File.ReadAllBytes(file)) is { } entry)
                _services[Path.GetFileName(file)] = entry;
        }
    }

    /// <summary>A task of the service is about to run the image.</summary>
    internal void Use(string service, ImageDigest image, DateTimeOffset now)
    {
        ImageLeases.RequirePlainWord(service);
        lock (_writing)
        {
            var old = _services.GetValueOrDefault(service);
            if (old is not null && old.Current == image.Hex && now - old.UsedAt < s_useIsWrittenEvery)
                return;
            var entry = old is null || old.Current == image.Hex
                ? new Entry(image.Hex, old?.Previous ?? "", now)
                : new Entry(image.Hex, old.Current, now);
            StoreFiles.WriteDurably(
                Path.Combine(_directory, service), JsonSerializer.SerializeToUtf8Bytes(entry), _temporary);
            _services[service] = entry;
        }
    }

    /// <summary>Images that services may need again, with the services; forgets those not heard of for long.</summary>
    internal ILookup<ImageDigest, string> Kept(DateTimeOffset now)
    {
        foreach (var (service, entry) in _services)
        {
            if (now - entry.UsedAt > TimeSpan.FromDays(KeepDays))
                Forget(service);
        }

        return _services.SelectMany(s => new[] { s.Value.Current, s.Value.Previous }
                .Where(hex => hex.Length > 0).Select(hex => (Digest: ImageDigest.OfHex(hex), Service: s.Key)))
            .ToLookup(s => s.Digest, s => s.Service);
    }

    private void Forget(string service)
    {
        lock (_writing)
        {
            File.Delete(Path.Combine(_directory, service));
            _services.TryRemove(service, out _);
        }
    }
}
