namespace Swarm.Security.Tests;

public sealed class NodeIdentityStoreTests : IDisposable
{
    private readonly string data = Directory.CreateTempSubdirectory("swarm-security-").FullName;
    private readonly RootCa root = Pki.NewRoot(Pki.Now);
    private readonly string path;
    private readonly NodeIdentityStore store;

    public NodeIdentityStoreTests()
    {
        path = Path.Combine(data, "certificates");
        store = new NodeIdentityStore(path);
    }

    public void Dispose()
    {
        root.Dispose();
        Directory.Delete(data, recursive: true);
    }

    [Fact]
    public void Nothing_is_there_before_a_join()
    {
        Assert.False(store.Exists);
        Assert.False(store.TryLoad(Pki.Now, out _, out var error));
        Assert.Contains("has not joined", error, StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_saved_is_loaded_and_only_the_owner_can_read_it()
    {
        using var saved = Save();
        Assert.True(store.Exists);
        using var loaded = Load();
        Assert.Equal(saved.NodeId, loaded.NodeId);
        Assert.Equal(saved.Certificate.RawData, loaded.Certificate.RawData);
        Assert.Equal(saved.RootPem, loaded.RootPem);
        Assert.Equal("700", Mode(path));
        foreach (var name in new[] { "node.key", "node.crt", "ca.crt" })
            Assert.Equal("600", Mode(Path.Combine(path, name)));
        Assert.Equal(3, Directory.GetFiles(path).Length);
        Assert.Equal(["certificates"], Directory.GetFileSystemEntries(data).Select(Path.GetFileName));
    }

    [Fact]
    public void A_renewal_replaces_everything_also_over_the_leftovers_of_a_crash()
    {
        using var first = Save();
        Directory.CreateDirectory(path + ".next");
        File.WriteAllText(Path.Combine(path + ".next", "node.key"), "half a k");
        using (var still = Load())
            Assert.Equal(first.NodeId, still.NodeId);

        using var second = Save();
        using var loaded = Load();
        Assert.Equal(second.NodeId, loaded.NodeId);
        Assert.Equal(["certificates"], Directory.GetFileSystemEntries(data).Select(Path.GetFileName));
    }

    [Fact]
    public void A_crash_after_the_exchange_leaves_the_new_identity_in_force()
    {
        using var first = Save();
        var old = Path.Combine(data, "old");
        Directory.CreateDirectory(old);
        foreach (var file in Directory.GetFiles(path))
            File.Copy(file, Path.Combine(old, Path.GetFileName(file)));
        using var second = Save();
        Directory.Move(old, path + ".next");
        using (var loaded = Load())
            Assert.Equal(second.NodeId, loaded.NodeId);
        using var third = Save();
        Assert.False(Directory.Exists(path + ".next"));
    }

    [Fact]
    public void An_identity_that_cannot_be_written_leaves_the_old_one()
    {
        using var first = Save();
        File.WriteAllText(path + ".next", "a file where the directory should be");
        using var second = Pki.Identity(root, Pki.Subject(CertificateRole.Worker), Pki.Now);
        Assert.Throws<IOException>(() => store.Save(second));
        using var loaded = Load();
        Assert.Equal(first.NodeId, loaded.NodeId);
    }

    [Fact]
    public void An_empty_directory_made_by_somebody_else_gets_the_right_mode()
    {
        Directory.CreateDirectory(path, (UnixFileMode)Convert.ToInt32("755", 8));
        Assert.False(store.Exists);
        using var saved = Save();
        Assert.Equal("700", Mode(path));
    }

    [Theory]
    [InlineData("", "750", "chmod 700")]
    [InlineData("", "701", "chmod 700")]
    [InlineData("node.key", "640", "chmod 600")]
    [InlineData("node.key", "604", "chmod 600")]
    [InlineData("node.crt", "644", "chmod 600")]
    [InlineData("ca.crt", "620", "chmod 600")]
    public void Looser_modes_are_refused_with_the_remedy(string name, string mode, string remedy)
    {
        using var saved = Save();
        var file = name.Length == 0 ? path : Path.Combine(path, name);
        File.SetUnixFileMode(file, (UnixFileMode)Convert.ToInt32(mode, 8));
        AssertRefused(remedy);
        AssertRefused(file);
    }

    [Fact]
    public void Stricter_modes_are_fine()
    {
        using var saved = Save();
        File.SetUnixFileMode(Path.Combine(path, "node.key"), UnixFileMode.UserRead);
        using var loaded = Load();
        Assert.Equal(saved.NodeId, loaded.NodeId);
    }

    [Theory]
    [InlineData("node.key")]
    [InlineData("node.crt")]
    [InlineData("ca.crt")]
    public void A_missing_broken_or_foreign_file_is_refused(string name)
    {
        using var saved = Save();
        var file = Path.Combine(path, name);
        var good = File.ReadAllText(file);

        File.Delete(file);
        AssertRefused(name);
        Overwrite(file, "");
        AssertRefused(path);
        Overwrite(file, good[..(good.Length / 2)]);
        AssertRefused(path);
        Overwrite(file, new string('x', CertificateLimits.MaxPemChars + 1));
        AssertRefused("more than");

        using var otherRoot = Pki.NewRoot(Pki.Now);
        var other = new NodeIdentityStore(Path.Combine(data, "other"));
        using var identity = Pki.Identity(otherRoot, Pki.Subject(CertificateRole.Worker), Pki.Now);
        other.Save(identity);
        Overwrite(file, File.ReadAllText(Path.Combine(data, "other", name)));
        AssertRefused(path);
    }

    [Fact]
    public void An_expired_identity_is_refused_with_the_remedy()
    {
        using var saved = Save();
        Assert.False(store.TryLoad(Pki.Now.AddDays(91), out _, out var error));
        Assert.Contains("expired", error, StringComparison.Ordinal);
        Assert.Contains("join again", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Leaving_removes_everything()
    {
        using var saved = Save();
        store.Delete();
        Assert.False(store.Exists);
        Assert.Empty(Directory.GetFileSystemEntries(data));
        store.Delete();
    }

    private NodeIdentity Save()
    {
        var identity = Pki.Identity(root, Pki.Subject(CertificateRole.Worker), Pki.Now);
        store.Save(identity);
        return identity;
    }

    private NodeIdentity Load() => store.TryLoad(Pki.Now, out var identity, out var error)
        ? identity
        : throw new InvalidOperationException(error);

    private static void Overwrite(string file, string text)
    {
        File.WriteAllText(file, text);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private static string Mode(string file) => Convert.ToString((int)File.GetUnixFileMode(file), 8);

    private void AssertRefused(string reason)
    {
        Assert.False(store.TryLoad(Pki.Now, out var identity, out var error));
        Assert.Null(identity);
        Assert.Contains(reason, error, StringComparison.Ordinal);
    }
}
