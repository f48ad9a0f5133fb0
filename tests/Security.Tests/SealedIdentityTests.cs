namespace Swarm.Security.Tests;

public sealed class SealedIdentityTests : IDisposable
{
    private readonly string data = Directory.CreateTempSubdirectory("swarm-sealed-").FullName;
    private readonly RootCa root = Pki.NewRoot(Pki.Now);
    private readonly UnlockKey key = UnlockKey.Create();
    private readonly KeyVault vault;
    private readonly NodeIdentityStore store;

    public SealedIdentityTests()
    {
        vault = KeyVault.Create(Path.Combine(data, KeyVault.FileName), key, 1);
        store = new NodeIdentityStore(Path.Combine(data, "certificates")) { Vault = vault };
    }

    private string KeyText => File.ReadAllText(Path.Combine(data, "certificates", NodeIdentityStore.KeyFile));

    public void Dispose()
    {
        vault.Dispose();
        root.Dispose();
        Directory.Delete(data, recursive: true);
    }

    [Fact]
    public void A_managers_key_needs_the_vault_and_its_name_does_not()
    {
        using var saved = Save(CertificateRole.Manager);
        Assert.DoesNotContain("BEGIN PRIVATE KEY", KeyText, StringComparison.Ordinal);
        Assert.Equal(vault.KeyIds[^1], store.SealedWith);
        using (var loaded = Load())
            Assert.Equal(saved.Certificate.RawData, loaded.Certificate.RawData);

        var locked = new NodeIdentityStore(Path.Combine(data, "certificates"));
        Assert.True(locked.Exists);
        Assert.False(locked.TryLoad(Pki.Now, out _, out var error));
        Assert.Contains("does not have", error, StringComparison.Ordinal);
        Assert.True(locked.TryReadSubject(out var who));
        Assert.Equal(saved.NodeId, who.NodeId);
    }

    [Fact]
    public void A_workers_key_stays_as_it_is()
    {
        using var saved = Save(CertificateRole.Worker);
        Assert.Contains("BEGIN PRIVATE KEY", KeyText, StringComparison.Ordinal);
        Assert.Null(store.SealedWith);
        Load().Dispose();
    }

    [Fact]
    public void Sealed_again_it_needs_the_newest_key_only()
    {
        using var saved = Save(CertificateRole.Manager);
        vault.Rewrap(UnlockKey.Create(), 2);
        Load().Dispose();
        Assert.Equal(vault.KeyIds[0], store.SealedWith);
        store.Save(saved);
        Assert.Equal(vault.KeyIds[1], store.SealedWith);
        vault.KeepOnly([]);
        Load().Dispose();
    }

    [Fact]
    public void A_changed_key_file_is_refused()
    {
        using var saved = Save(CertificateRole.Manager);
        var file = Path.Combine(data, "certificates", NodeIdentityStore.KeyFile);
        var text = KeyText;
        var at = text.IndexOf('\n', StringComparison.Ordinal) + 40;
        File.WriteAllText(file, text[..at] + (text[at] == 'A' ? 'B' : 'A') + text[(at + 1)..]);
        Assert.False(store.TryLoad(Pki.Now, out _, out _));
    }

    private NodeIdentity Save(CertificateRole role)
    {
        var identity = Pki.Identity(root, Pki.Subject(role), Pki.Now);
        store.Save(identity);
        return identity;
    }

    private NodeIdentity Load() => store.TryLoad(Pki.Now, out var identity, out var error)
        ? identity
        : throw new InvalidOperationException(error);
}
