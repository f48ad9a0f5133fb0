using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using Swarm.Model;

namespace Swarm.Runtime.Images;

/// <summary>
/// The name of an image as users write it: <c>[host[:port]/]path[:tag][@sha256:hex]</c> (grammar of the OCI
/// distribution specification). Without a host the image is Docker Hub's, without tag and digest the tag is latest.
/// Pure.
/// </summary>
public sealed partial record ImageReference
{
    /// <summary>Longest text that is looked at, in characters.</summary>
    public const int MaxChars = 1024;

    /// <summary>Longest host/path, in characters (the limit of Docker's registries).</summary>
    public const int MaxNameChars = 255;

    /// <summary>Registry of names without a host.</summary>
    public const string DefaultHost = "docker.io";

    private const string DefaultNamespace = "library/";
    private const string DefaultTag = "latest";
    private const string LegacyHost = "index.docker.io";
    private const int MaxPort = 65535;
    private const string Label = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?";

    private ImageReference(string host, string repository, string? tag, ImageDigest? digest)
    {
        Host = host;
        Repository = repository;
        Tag = tag;
        Digest = digest;
    }

    /// <summary>Registry with its port when one is written, for example <c>10.99.0.5:5000</c>.</summary>
    public string Host { get; }

    /// <summary>Path within the registry, for example <c>demo/web</c> or <c>library/nginx</c>.</summary>
    public string Repository { get; }

    /// <summary>The tag; null only when there is a digest alone.</summary>
    public string? Tag { get; }

    /// <summary>The digest, when the reference is pinned.</summary>
    public ImageDigest? Digest { get; }

    /// <summary>
    /// What its registry is shown instead of this node's own credentials; null = these. Never printed, and left behind
    /// by <see cref="At"/>.
    /// </summary>
    internal RegistryCredentials? Credentials { get; private init; }

    /// <summary>True when the content is fixed by a digest.</summary>
    public bool IsPinned => Digest is not null;

    /// <summary>Text with the host always written.</summary>
    public string FullName => $"{Host}/{Repository}{Suffix}";

    private string Suffix => (Tag is null ? "" : ":" + Tag) + (Digest is { } d ? "@" + d : "");

    /// <summary>Text as docker shows it: Docker Hub's host and <c>library/</c> are left out.</summary>
    public override string ToString()
    {
        if (Host != DefaultHost)
        {
            return FullName;
        }

        var path = Repository.StartsWith(DefaultNamespace, StringComparison.Ordinal)
                && !Repository.AsSpan(DefaultNamespace.Length).Contains('/')
            ? Repository[DefaultNamespace.Length..]
            : Repository;
        // "library/a.b/c" style paths would read as a host; they keep theirs.
        return LooksLikeHost(path) ? FullName : path + Suffix;
    }

    /// <summary>The same name with the content fixed.</summary>
    public ImageReference Pin(ImageDigest digest) =>
        new(Host, Repository, Tag, digest) { Credentials = Credentials };

    /// <summary>The same name, asked for with the login of its host if there is one.</summary>
    public ImageReference With(IEnumerable<RegistryLogin> logins) =>
        logins.FirstOrDefault(l => l.Host == Host) is { } login
            ? this with { Credentials = new RegistryCredentials(login.User, login.Password) }
            : this;

    /// <summary>The same path at another registry.</summary>
    internal ImageReference At(string host) => new(host, Repository, Tag, Digest);

    /// <summary>host/path.</summary>
    internal string FullRepository => $"{Host}/{Repository}";

    /// <exception cref="ImageException">Kind Invalid: the text is not a reference; the message says which
    /// rule.</exception>
    public static ImageReference Parse(string text) =>
        TryParse(text, out var reference, out var error)
            ? reference
            : throw ImageException.Invalid(error);

    /// <summary>False with one line of explanation when <paramref name="text"/> is not a reference.</summary>
    public static bool TryParse(
        string? text, [NotNullWhen(true)] out ImageReference? reference, [NotNullWhen(false)] out string? error)
    {
        reference = null;
        if (string.IsNullOrEmpty(text))
        {
            error = "image reference must be provided";
            return false;
        }

        if (text.Length > MaxChars)
        {
            error = $"image reference of {text.Length} characters is too long: at most {MaxChars}";
            return false;
        }

        error = Split(text, out reference) is { } rule
            ? $"\"{Printable(text)}\" is not a valid repository/tag: {rule}"
            : null;
        return error is null;
    }

    private static string? Split(string text, out ImageReference? reference)
    {
        reference = null;
        var name = text;
        ImageDigest? digest = null;
        if (name.IndexOf('@', StringComparison.Ordinal) is >= 0 and var at)
        {
            if (!ImageDigest.TryParse(name[(at + 1)..], out var parsed))
            {
                return "the digest must be sha256: and 64 hex digits in lower case";
            }

            digest = parsed;
            name = name[..at];
        }

        string? tag = null;
        if (name.LastIndexOf(':') is >= 0 and var colon && name.IndexOf('/', colon) < 0)
        {
            tag = name[(colon + 1)..];
            name = name[..colon];
            if (!TagForm().IsMatch(tag))
            {
                return "a tag has 1 to 128 of letters, digits, '_', '.' and '-', and begins with none of the last two";
            }
        }

        return Name(name, tag, digest, out reference);
    }

    private static string? Name(string name, string? tag, ImageDigest? digest, out ImageReference? reference)
    {
        reference = null;
        var host = DefaultHost;
        var path = name;
        if (LooksLikeHost(name))
        {
            var slash = name.IndexOf('/', StringComparison.Ordinal);
            host = name[..slash];
            path = name[(slash + 1)..];
            if (!HostForm().IsMatch(host) || !PortFits(host))
            {
                return $"\"{Printable(host)}\" is not a host with an optional port";
            }
        }

        if (!PathForm().IsMatch(path))
        {
            return path.Any(char.IsAsciiLetterUpper)
                ? "the repository name must be lower case"
                : "a repository name has lower-case letters and digits, single '.', '_', '__' or '-' between, and '/'";
        }

        host = host == LegacyHost ? DefaultHost : host;
        path = host == DefaultHost && !path.Contains('/') ? DefaultNamespace + path : path;
        if (host.Length + 1 + path.Length > MaxNameChars)
        {
            return $"the name has more than {MaxNameChars} characters";
        }

        reference = new ImageReference(host, path, tag ?? (digest is null ? DefaultTag : null), digest);
        return null;
    }

    /// <summary>
    /// Docker's rule: the first component is a host when it has a dot or a colon, is localhost, or has capitals.
    /// </summary>
    private static bool LooksLikeHost(string name)
    {
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        return slash >= 0 && name.AsSpan(0, slash) is var first
            && (first.ContainsAny('.', ':') || first is "localhost" || first.ContainsAnyInRange('A', 'Z'));
    }

    private static bool PortFits(string host) =>
        host.LastIndexOf(':') is var colon && (colon < 0 || host[^1] == ']'
            || (int.TryParse(host.AsSpan(colon + 1), out var port) && port is > 0 and <= MaxPort));

    private static string Printable(string text) =>
        string.Concat(text.Take(MaxNameChars).Select(c => c is >= ' ' and <= '~' ? c : '?'));

    [GeneratedRegex(@"\A[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}\z", RegexOptions.NonBacktracking)]
    private static partial Regex TagForm();

    [GeneratedRegex(
        @"\A(?:" + Label + @"(?:\." + Label + @")*|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?\z",
        RegexOptions.NonBacktracking)]
    private static partial Regex HostForm();

    [GeneratedRegex(
        @"\A[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*\z",
        RegexOptions.NonBacktracking)]
    private static partial Regex PathForm();
}
