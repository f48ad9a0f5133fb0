using System.Security.Cryptography;
using System.Text;

namespace Swarm.Runtime.Images;

/// <summary>A file of an archive, taken out under a name of ours.</summary>
internal sealed record ArchiveFile(string Path, long Bytes, ImageDigest Digest);

/// <summary>
/// The files of an image archive (docker save, OCI layout), spooled to a directory under numbers: the names in the
/// archive are keys to look things up by, never paths of this machine. Links are followed within the archive only.
/// </summary>
internal sealed class ArchiveContents
{
    /// <summary>Files of one archive; each image has three and one for each layer.</summary>
    internal const int MaxFiles = 20_000;

    private const int MaxLinkHops = 8;
    private const int CopyBytes = 128 * 1024;
    private readonly Dictionary<string, ArchiveFile> _files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _links = new(StringComparer.Ordinal);

    private ArchiveContents()
    {
    }

    /// <summary>Takes the archive (plain, gzip or zstd) apart into an existing directory.</summary>
    /// <exception cref="ImageException">It is no archive, damaged, or larger than allowed.</exception>
    internal static ArchiveContents Read(string archive, string directory, LayerLimits limits, CancellationToken ct)
    {
        var contents = new ArchiveContents();
        using var stream = new LayerStream(archive, limits, ct);
        var tar = new TarReader(stream);
        var buffer = new byte[CopyBytes];
        for (var count = 0; tar.Next() is { } entry; count++)
        {
            if (count >= MaxFiles)
                throw ImageException.TooLarge($"archive has more than {MaxFiles} entries");
            var name = Normalize("", Encoding.UTF8.GetString(entry.Name));
            if (entry.Kind == TarKind.File)
                contents._files[name] = Spool(tar, Path.Combine(directory, $"{count}"), buffer);
            else if (entry.Kind == TarKind.Symlink)
                contents._links[name] = Normalize(Parent(name), Encoding.UTF8.GetString(entry.LinkName));
            else if (entry.Kind == TarKind.HardLink)
                contents._links[name] = Normalize("", Encoding.UTF8.GetString(entry.LinkName));
        }

        return contents;
    }

    internal bool Has(string name) => Find(name) is not null;

    internal ArchiveFile? Find(string name)
    {
        name = Normalize("", name);
        for (var hop = 0; hop <= MaxLinkHops; hop++)
        {
            if (_files.TryGetValue(name, out var file))
                return file;
            if (!_links.TryGetValue(name, out var target))
                return null;
            name = target;
        }

        return null;
    }

    /// <exception cref="ImageException">The archive has it not.</exception>
    internal ArchiveFile Get(string name) =>
        Find(name) ?? throw ImageException.Invalid(
            $"archive is refused: it has no {NativeName.Show(NativeName.Of(name))}");

    /// <summary>A document of the archive.</summary>
    /// <exception cref="ImageException">The archive has it not, or it is too large for a document.</exception>
    internal byte[] Document(string name)
    {
        var file = Get(name);
        return file.Bytes <= ManifestParser.MaxManifestBytes
            ? File.ReadAllBytes(file.Path)
            : throw ImageException.TooLarge(
                $"archive is refused: {NativeName.Show(NativeName.Of(name))} has {file.Bytes} bytes");
    }

    private static ArchiveFile Spool(TarReader tar, string path, byte[] buffer)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var file = StoreFiles.Create(path);
        var at = 0L;
        for (var n = tar.Read(buffer); n > 0; n = tar.Read(buffer))
        {
            hash.AppendData(buffer, 0, n);
            RandomAccess.Write(file, buffer.AsSpan(0, n), at);
            at += n;
        }

        return new ArchiveFile(path, at, ImageDigest.FromHash(hash.GetHashAndReset()));
    }

    private static string Parent(string name) =>
        name.LastIndexOf('/') is > 0 and var slash ? name[..slash] : "";

    /// <summary>A key: no empty parts, no dots; ".." takes one part away and never more than there are.</summary>
    private static string Normalize(string from, string name)
    {
        var parts = new List<string>(
            name.StartsWith('/') ? [] : from.Split('/', StringSplitOptions.RemoveEmptyEntries));
        foreach (var part in name.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(p => p != "."))
        {
            if (part != "..")
                parts.Add(part);
            else if (parts.Count > 0)
                parts.RemoveAt(parts.Count - 1);
        }

        return string.Join('/', parts);
    }
}
