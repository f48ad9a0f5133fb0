using System.Collections.Immutable;
using System.Text.Json;

namespace Swarm.Runtime.Images;

/// <summary>
/// Names and passwords of registries on this node: one file of mode 0600, readable by root alone. They are sent to
/// their registry and its token service only (<see cref="RegistryAddress.MayHaveCredentials"/>).
/// </summary>
public sealed class CredentialStore
{
    /// <summary>Registries of one node.</summary>
    public const int MaxRegistries = 100;

    /// <summary>Of a name or a password; tokens of clouds have some thousand.</summary>
    public const int MaxChars = 16 * 1024;

    private readonly string _file;
    private readonly Lock _writing = new();
    private ImmutableDictionary<string, RegistryCredentials> _all =
        ImmutableDictionary<string, RegistryCredentials>.Empty;

    /// <param name="file">Absolute path; its directory exists and is private.</param>
    /// <exception cref="IOException">The file is there and cannot be read.</exception>
    public CredentialStore(string file)
    {
        _file = file;
        if (!File.Exists(file))
            return;
        try
        {
            _all = JsonSerializer.Deserialize<Dictionary<string, RegistryCredentials>>(File.ReadAllBytes(file))!
                .ToImmutableDictionary();
        }
        catch (JsonException e)
        {
            throw new IOException($"{file} is damaged: delete it and log in again", e);
        }
    }

    /// <summary>Of the registry with that host, or null.</summary>
    public RegistryCredentials? Find(string host) => _all.GetValueOrDefault(host);

    /// <exception cref="ImageException">There are too many, or one is too long.</exception>
    public void Set(string host, RegistryCredentials credentials)
    {
        if (credentials.User.Length is 0 or > MaxChars || credentials.Password.Length is 0 or > MaxChars
            || credentials.User.Contains(':', StringComparison.Ordinal))
            throw ImageException.Invalid(
                $"user and password of a registry have 1 to {MaxChars} characters, the user no colon");
        lock (_writing)
        {
            var next = _all.SetItem(host, credentials);
            if (next.Count > MaxRegistries)
                throw ImageException.TooLarge($"this node knows {MaxRegistries} registries already: log out of some");
            Write(next);
        }
    }

    /// <summary>False when there were none.</summary>
    public bool Remove(string host)
    {
        lock (_writing)
        {
            if (!_all.ContainsKey(host))
                return false;
            Write(_all.Remove(host));
            return true;
        }
    }

    /// <summary>
    /// The host as references have it, of what a person writes for a registry: empty, docker.io,
    /// https://index.docker.io/v1/, 10.99.0.5:5000.
    /// </summary>
    /// <exception cref="ImageException">It is no host.</exception>
    public static string HostOf(string server)
    {
        var text = server.Trim();
        foreach (var scheme in (string[])["https://", "http://"])
        {
            text = text.StartsWith(scheme, StringComparison.OrdinalIgnoreCase) ? text[scheme.Length..] : text;
        }

        text = text.Split('/')[0];
        if (text is "" or ImageReference.DefaultHost or "index.docker.io" or "registry-1.docker.io")
            return ImageReference.DefaultHost;
        // A name alone is a host here, where in a reference it would be the first part of a path.
        var host = text.Contains('.', StringComparison.Ordinal) || text.Contains(':', StringComparison.Ordinal)
            || text == "localhost" ? text : throw Bad(server);
        return ImageReference.TryParse(host + "/x", out var reference, out _) && reference.Host == host
            ? host
            : throw Bad(server);
    }

    private static ImageException Bad(string server) => ImageException.Invalid(
        $"\"{NativeName.Show(NativeName.Of(server))}\" is not the host of a registry, with a port if it has one");

    private void Write(ImmutableDictionary<string, RegistryCredentials> next)
    {
        StoreFiles.WriteDurably(
            _file, JsonSerializer.SerializeToUtf8Bytes(next), Path.GetDirectoryName(_file)!);
        _all = next;
    }
}
