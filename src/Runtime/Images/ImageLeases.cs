using System.Collections.Concurrent;

namespace Swarm.Runtime.Images;

/// <summary>Who holds which image (<c>leases/&lt;holder&gt;</c>): tasks and containers, over restarts.</summary>
internal sealed class ImageLeases
{
    private const int MaxHolderChars = 128;
    private readonly string _directory;
    private readonly string _temporary;
    private readonly ConcurrentDictionary<string, ImageDigest> _holders = new();

    internal ImageLeases(string store, string temporary)
    {
        _directory = Path.Combine(store, "leases");
        _temporary = temporary;
        StoreFiles.MakePrivateDirectory(_directory);
        foreach (var file in Directory.EnumerateFiles(_directory))
        {
            if (ImageDigest.TryParseHex(File.ReadAllText(file), out var digest))
                _holders[Path.GetFileName(file)] = digest;
        }
    }

    /// <summary>Digests that somebody holds, with the holders.</summary>
    internal ILookup<ImageDigest, string> Holders => _holders.ToLookup(h => h.Value, h => h.Key);

    internal void Add(string holder, ImageDigest digest)
    {
        RequirePlainWord(holder);
        if (_holders.TryGetValue(holder, out var old) && old == digest)
            return;
        StoreFiles.WriteDurably(
            Path.Combine(_directory, holder), System.Text.Encoding.ASCII.GetBytes(digest.Hex), _temporary);
        _holders[holder] = digest;
    }

    internal void Release(string holder)
    {
        if (_holders.TryRemove(holder, out _))
            File.Delete(Path.Combine(_directory, holder));
    }

    internal static void RequirePlainWord(string holder)
    {
        if (holder.Length is 0 or > MaxHolderChars || holder[0] == '.'
            || !holder.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
            throw new ArgumentException($"\"{holder}\" cannot hold an image: not a plain word", nameof(holder));
    }
}
