using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace Swarm.Runtime.Images;

/// <summary>
/// Downloads the archives of layers into <c>partial/</c>. What a broken connection, a cancelled pull or the end of the
/// daemon leaves there is gone on with: only the rest is asked for, and the digest is checked over the whole.
/// </summary>
internal sealed class LayerDownloads
{
    /// <summary>After that time an interrupted download is not gone on with.</summary>
    internal const int KeepPartialHours = 24;

    /// <summary>In a row without a byte of progress.</summary>
    internal const int MaxFruitlessAttempts = 3;

    /// <summary>Of one archive, with progress or without.</summary>
    internal const int MaxAttempts = 20;

    private const int FirstRetryDelayMs = 300;
    private const int NameChars = 16;
    private readonly string _directory;
    private readonly RegistryClient _registry;
    private readonly Action<long> _requireRoom;
    private readonly Action<string> _log;

    internal LayerDownloads(string store, RegistryClient registry, Action<long> requireRoom, Action<string> log)
    {
        _requireRoom = requireRoom;
        _directory = Path.Combine(store, "partial");
        _registry = registry;
        _log = log;
        StoreFiles.MakePrivateDirectory(_directory);
        foreach (var old in Directory.EnumerateFiles(_directory)
            .Where(f => File.GetLastWriteTimeUtc(f) < DateTime.UtcNow.AddHours(-KeepPartialHours)))
        {
            File.Delete(old);
        }
    }

    /// <summary>The verified archive of a layer, to be deleted by whoever gets it.</summary>
    /// <param name="image">Where to ask.</param>
    /// <param name="blob">What is asked for.</param>
    /// <param name="purpose">Keeps downloads of the same blob apart that are for different ends.</param>
    /// <param name="meter">Told how far it is.</param>
    /// <param name="ct">Gives up; what is there stays for the next time.</param>
    /// <exception cref="ImageException">It cannot be had, or is not what was promised.</exception>
    internal async Task<LayerArchive> FetchAsync(
        ImageReference image, Descriptor blob, string purpose, LayerMeter meter, CancellationToken ct)
    {
        _requireRoom(blob.Size);
        meter.Enter(LayerPhase.Downloading);
        var path = Path.Combine(
            _directory,
            string.Create(CultureInfo.InvariantCulture, $"{blob.Digest.Hex}-{purpose[..NameChars]}"));
        try
        {
            using var file = StoreFiles.OpenOrCreate(path);
            await DownloadAsync(image, blob, file, meter, ct).ConfigureAwait(false);
            return new LayerArchive(path, IsTemporary: true);
        }
        catch (ImageException e) when (e.Kind != ImageErrorKind.Unreachable)
        {
            File.Delete(path);
            throw;
        }
    }

    private async Task DownloadAsync(
        ImageReference image, Descriptor blob, SafeFileHandle file, LayerMeter meter, CancellationToken ct)
    {
        var fruitless = 0;
        var mayBeDamaged = RandomAccess.GetLength(file) > 0;
        for (var attempt = 1; ; attempt++)
        {
            var before = RandomAccess.GetLength(file);
            try
            {
                await _registry.DownloadAsync(image, blob, file, meter, ct).ConfigureAwait(false);
                return;
            }
            catch (ImageException e) when (e.Kind == ImageErrorKind.Unreachable && attempt < MaxAttempts)
            {
                fruitless = RandomAccess.GetLength(file) > before ? 1 : fruitless + 1;
                if (fruitless >= MaxFruitlessAttempts)
                    throw;
                _log($"{image}: {e.Message}; trying again");
                await Task.Delay(FirstRetryDelayMs << (2 * (fruitless - 1)), ct).ConfigureAwait(false);
            }
            catch (ImageException e) when (e.Kind == ImageErrorKind.Corrupt && mayBeDamaged)
            {
                // What an earlier run of the daemon left is not synced: a power cut may have spoilt it.
                _log($"{image}: {e.Message}; beginning anew");
                mayBeDamaged = false;
                RandomAccess.SetLength(file, 0);
            }
        }
    }
}
