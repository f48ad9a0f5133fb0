using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Swarm.Security;

/// <summary>
/// A node's identity on disk: a directory (0700) with <c>node.key</c>, <c>node.crt</c> and <c>ca.crt</c> (0600).
/// The three are replaced together or not at all: a new directory is written beside the old one, forced to the
/// disk, and the two change names in one system call. A crash leaves the old identity or the new one, never the
/// key of one and the certificate of the other. One process uses a store at a time.
/// </summary>
public sealed class NodeIdentityStore
{
    /// <summary>The private key: PKCS#8 on a worker, sealed by the vault on a manager.</summary>
    public const string KeyFile = "node.key";

    /// <summary>The node's certificate.</summary>
    public const string CertificateFile = "node.crt";

    /// <summary>The cluster's root certificate.</summary>
    public const string RootFile = "ca.crt";

    private const UnixFileMode FileMode600 = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode DirectoryMode700 = FileMode600 | UnixFileMode.UserExecute;

    private readonly string directory;
    private readonly string staging;
    private readonly string parent;

    /// <summary>The store at a path, usually <c>certificates</c> in the data directory; touches nothing.</summary>
    public NodeIdentityStore(string directory)
    {
        this.directory = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));
        staging = this.directory + ".next";
        parent = Path.GetDirectoryName(this.directory)
            ?? throw new ArgumentException("the root directory cannot hold an identity", nameof(directory));
    }

    /// <summary>True when there is an identity or a part of one: this node has joined a cluster.</summary>
    public bool Exists => Files.Any(f => File.Exists(Path.Combine(directory, f)));

    /// <summary>Seals the key of a manager; null on a node that was never one, and while it is locked.</summary>
    public KeyVault? Vault { get; set; }

    /// <summary>Id of the vault's data key that the key on disk needs; null when it lies there in clear.</summary>
    public Guid? SealedWith =>
        File.Exists(Path.Combine(directory, KeyFile)) && SealedKey.TryRead(Read(KeyFile), out var box)
            ? KeyVault.SealedWith(box)
            : null;

    private static string[] Files => [KeyFile, CertificateFile, RootFile];

    /// <summary>Stores an identity; when this returns, it is on the disk.</summary>
    /// <exception cref="IOException">It is not; the old one still counts.</exception>
    public void Save(NodeIdentity identity)
    {
        ArgumentNullException.ThrowIfNull(identity);
        using var key = identity.Certificate.GetECDsaPrivateKey()
            ?? throw new InvalidOperationException("an identity always has its key");
        RemoveStaging();
        Directory.CreateDirectory(parent);
        Directory.CreateDirectory(staging, DirectoryMode700);
        // The process' umask only takes away; a default access list of the parent could add.
        File.SetUnixFileMode(staging, DirectoryMode700);
        Write(KeyFile, identity.Role == CertificateRole.Manager && Vault is not null
            ? SealedKey.Write(Vault, key)
            : key.ExportPkcs8PrivateKeyPem() + "\n");
        Write(CertificateFile, Pem.Write(identity.Certificate));
        Write(RootFile, identity.RootPem);
        Native.SyncDirectory(staging);
        Native.Replace(staging, directory);
        Native.SyncDirectory(parent);
        RemoveStaging();
    }

    /// <summary>
    /// Reads and checks the identity (<see cref="NodeIdentity.TryCreate"/>), and that nobody else can read it.
    /// </summary>
    /// <param name="now">The node's clock.</param>
    /// <param name="identity">The result.</param>
    /// <param name="error">One line: what is wrong and what to do.</param>
    public bool TryLoad(DateTimeOffset now, [NotNullWhen(true)] out NodeIdentity? identity, out string error)
    {
        identity = null;
        try
        {
            if (!Exists)
            {
                error = $"{directory} holds no identity: this node has not joined a cluster";
                return false;
            }

            error = ModeFault();
            return error.Length == 0 && TryRead(now, out identity, out error);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            error = $"{directory} cannot be read: {e.Message}";
            return false;
        }
    }

    /// <summary>Who this node is, by its certificate alone: all that can be known while the key is locked.</summary>
    public bool TryReadSubject(out CertificateSubject subject)
    {
        subject = default;
        try
        {
            if (!Pem.TryReadCertificate(Read(CertificateFile), out var certificate))
            {
                return false;
            }

            using (certificate)
            {
                return CertificateSubject.TryParse(certificate, out subject);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Removes the identity for good: the node has left its cluster.</summary>
    public void Delete()
    {
        RemoveStaging();
        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
            Native.SyncDirectory(parent);
        }
    }

    private bool TryRead(DateTimeOffset now, [NotNullWhen(true)] out NodeIdentity? identity, out string error)
    {
        identity = null;
        if (!TryReadKey(out var read, out error))
        {
            return false;
        }

        using var key = new NodeKey(read);
        if (NodeIdentity.TryCreate(key, Read(CertificateFile), Read(RootFile), now, out identity, out error))
        {
            return true;
        }

        error = $"{directory}: {error}";
        return false;
    }

    private bool TryReadKey([NotNullWhen(true)] out ECDsa? key, out string error)
    {
        var text = Read(KeyFile);
        var file = Path.Combine(directory, KeyFile);
        if (!SealedKey.TryRead(text, out var box))
        {
            error = $"{file} is not one P-256 key in PKCS#8 PEM: {VaultFile.Remedy}";
            return Pem.TryReadKey(text, out key);
        }

        error = $"{file} is encrypted with a key that this node does not have: {VaultFile.Remedy}";
        key = null;
        if (SealedKey.TryOpen(Vault, box, out var pkcs8))
        {
            key = Pem.ImportKey(pkcs8);
            CryptographicOperations.ZeroMemory(pkcs8);
        }

        return key is not null;
    }

    private string ModeFault()
    {
        var mode = File.GetUnixFileMode(directory);
        if ((mode & ~DirectoryMode700) != 0)
        {
            return Loose(directory, mode, "700");
        }

        foreach (var path in Files.Select(f => Path.Combine(directory, f)))
        {
            mode = File.GetUnixFileMode(path);
            if ((mode & ~FileMode600) != 0)
            {
                return Loose(path, mode, "600");
            }
        }

        return "";
    }

    private static string Loose(string path, UnixFileMode mode, string wanted) =>
        $"{path} has mode {Convert.ToString((int)mode, 8)}, others may have read the node's key:"
        + $" 'chmod {wanted} {path}', and if others use this host, leave and join again to get a new key";

    private string Read(string name)
    {
        var path = Path.Combine(directory, name);
        var length = new FileInfo(path).Length;
        return length <= CertificateLimits.MaxPemChars
            ? File.ReadAllText(path, Encoding.ASCII)
            : throw new IOException($"{name} has {length} bytes, more than {CertificateLimits.MaxPemChars}");
    }

    private void Write(string name, string text)
    {
        var path = Path.Combine(staging, name);
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = FileMode600,
            BufferSize = 0,
        };
        using var file = new FileStream(path, options);
        file.Write(Encoding.ASCII.GetBytes(text));
        Native.Sync(file.SafeFileHandle, path);
    }

    private void RemoveStaging()
    {
        if (Directory.Exists(staging))
        {
            Directory.Delete(staging, recursive: true);
        }
    }
}
