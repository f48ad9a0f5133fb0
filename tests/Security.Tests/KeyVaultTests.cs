using System.Text;

namespace Swarm.Security.Tests;

public sealed class KeyVaultTests : IDisposable
{
    private const string Purpose = "test/1";

    private readonly string data = Directory.CreateTempSubdirectory("swarm-vault-").FullName;
    private readonly UnlockKey key = UnlockKey.Create();
    private readonly string path;

    public KeyVaultTests() => path = Path.Combine(data, KeyVault.FileName);

    public void Dispose() => Directory.Delete(data, recursive: true);

    [Fact]
    public void Without_autolock_it_opens_by_itself()
    {
        using var made = KeyVault.Create(path, null, 7);
        using var opened = Open(null);
        Assert.False(opened.IsLocked);
        Assert.Equal(7UL, opened.ClusterVersion);
        Assert.Equal(made.KeyIds, opened.KeyIds);
        Assert.Equal(made.KeysFor(Purpose).Single().Key, opened.KeysFor(Purpose).Single().Key);
        Assert.Contains("clear-key", File.ReadAllText(path), StringComparison.Ordinal);
        Assert.Equal("600", Mode());
        Assert.Equal([KeyVault.FileName], Directory.GetFiles(data).Select(Path.GetFileName));
    }

    [Fact]
    public void With_autolock_it_opens_with_the_key_and_with_nothing_else()
    {
        using var made = KeyVault.Create(path, key, 7);
        Assert.Equal(VaultFault.NeedsKey, KeyVault.Open(path, null).Fault);
        var wrong = KeyVault.Open(path, UnlockKey.Create());
        Assert.Equal((VaultFault.WrongKey, "invalid key provided"), (wrong.Fault, wrong.Error));
        using var opened = Open(key);
        Assert.True(opened.IsLocked);
        Assert.Equal(made.KeysFor(Purpose).Single().Key, opened.KeysFor(Purpose).Single().Key);
        Assert.DoesNotContain("clear-key", File.ReadAllText(path), StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_on_disk_says_the_key_or_the_data_keys()
    {
        using var vault = KeyVault.Create(path, key, 1);
        vault.Rewrap(key, 2);
        var text = Encoding.Latin1.GetString(File.ReadAllBytes(path));
        foreach (var secret in vault.KeysFor(Purpose).Select(k => k.Key).Append(key.ToBytes()))
        {
            Assert.DoesNotContain(Convert.ToBase64String(secret).TrimEnd('='), text, StringComparison.Ordinal);
            Assert.DoesNotContain(Convert.ToHexString(secret), text, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public void Wrapping_anew_shuts_out_the_old_key_and_adds_a_data_key()
    {
        using var vault = KeyVault.Create(path, null, 1);
        var first = vault.KeyIds[0];
        var box = vault.Seal(Purpose, [1, 2, 3]);
        vault.Rewrap(key, 2);
        Assert.Equal(VaultFault.NeedsKey, KeyVault.Open(path, null).Fault);
        var next = UnlockKey.Create();
        vault.Rewrap(next, 3);
        Assert.Equal(VaultFault.WrongKey, KeyVault.Open(path, key).Fault);
        using var opened = Open(next);
        Assert.Equal(3, opened.KeyIds.Count);
        Assert.Equal(first, opened.KeyIds[0]);
        Assert.Equal(3UL, opened.ClusterVersion);
        Assert.True(opened.TryUnseal(Purpose, box, out var plain));
        Assert.Equal([1, 2, 3], plain);
        Assert.NotEqual(first, KeyVault.SealedWith(opened.Seal(Purpose, [1])));
        opened.Rewrap(null, 4);
        Assert.False(Open(null).IsLocked);
    }

    [Fact]
    public void What_is_not_needed_is_dropped_but_never_the_newest()
    {
        using var vault = KeyVault.Create(path, key, 1);
        vault.Rewrap(key, 2);
        vault.Rewrap(key, 3);
        var ids = vault.KeyIds;
        vault.KeepOnly([ids[1]]);
        Assert.Equal([ids[1], ids[2]], Open(key).KeyIds);
        vault.KeepOnly([]);
        using var opened = Open(key);
        Assert.Equal([ids[2]], opened.KeyIds);
        Assert.Equal(3UL, opened.ClusterVersion);
    }

    [Fact]
    public void The_number_of_data_keys_is_bounded_and_the_wrapping_still_changes()
    {
        using var vault = KeyVault.Create(path, null, 1);
        for (var version = 2UL; version < 30; version++)
            vault.Rewrap(key, version);
        Assert.Equal(KeyVault.MaxDataKeys, vault.KeyIds.Count);
        Assert.Equal(29UL, Open(key).ClusterVersion);
    }

    [Fact]
    public void It_knows_how_it_is_wrapped()
    {
        using var vault = KeyVault.Create(path, null, 1);
        Assert.True(vault.IsWrappedWith(null));
        Assert.False(vault.IsWrappedWith(key));
        vault.Rewrap(key, 2);
        Assert.False(vault.IsWrappedWith(null));
        Assert.True(vault.IsWrappedWith(key));
        Assert.True(vault.IsWrappedWith(UnlockKey.FromBytes(key.ToBytes())));
        Assert.False(vault.IsWrappedWith(UnlockKey.Create()));
    }

    [Fact]
    public void Purposes_and_vaults_are_apart()
    {
        using var vault = KeyVault.Create(path, key, 1);
        using var other = KeyVault.Create(Path.Combine(data, "other"), key, 1);
        Assert.NotEqual(vault.KeysFor("a").Single().Key, vault.KeysFor("b").Single().Key);
        Assert.NotEqual(vault.KeysFor("a").Single().Key, other.KeysFor("a").Single().Key);
        var box = vault.Seal("a", [1, 2, 3]);
        Assert.False(vault.TryUnseal("b", box, out _));
        Assert.False(other.TryUnseal("a", box, out _));
        Assert.False(vault.TryUnseal("a", [], out _));
        Assert.False(vault.TryUnseal("a", box.AsSpan(0, 20), out _));
    }

    [Fact]
    public void Every_changed_byte_of_the_file_is_noticed()
    {
        using var vault = KeyVault.Create(path, key, 1);
        var good = File.ReadAllBytes(path);
        for (var i = 0; i < good.Length; i++)
        {
            var bad = (byte[])good.Clone();
            bad[i] ^= 1;
            File.WriteAllBytes(path, bad);
            Assert.Equal(VaultFault.Unusable, KeyVault.Open(path, key).Fault);
            File.WriteAllBytes(path, good[..i]);
            Assert.Equal(VaultFault.Unusable, KeyVault.Open(path, key).Fault);
        }
    }

    [Theory]
    [InlineData("640")]
    [InlineData("604")]
    public void A_looser_mode_is_refused_with_the_remedy(string mode)
    {
        using var vault = KeyVault.Create(path, null, 1);
        File.SetUnixFileMode(path, (UnixFileMode)Convert.ToInt32(mode, 8));
        var opening = KeyVault.Open(path, null);
        Assert.Equal(VaultFault.Unusable, opening.Fault);
        Assert.Contains("chmod 600", opening.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_says_what_that_means()
    {
        var opening = KeyVault.Open(path, null);
        Assert.Equal(VaultFault.Missing, opening.Fault);
        Assert.Contains("swarm leave --force", opening.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_written_is_not_used()
    {
        using var vault = KeyVault.Create(path, null, 1);
        var ids = vault.KeyIds;
        Directory.CreateDirectory(path + ".tmp");
        Assert.ThrowsAny<Exception>(() => vault.Rewrap(key, 2));
        Assert.Equal(ids, vault.KeyIds);
        Assert.False(vault.IsLocked);
        Directory.Delete(path + ".tmp");
        Assert.Equal(ids, Open(null).KeyIds);
    }

    private KeyVault Open(UnlockKey? with)
    {
        var opening = KeyVault.Open(path, with);
        Assert.True(opening.Vault is not null, opening.Error);
        return opening.Vault;
    }

    private string Mode() => Convert.ToString((int)File.GetUnixFileMode(path), 8);
}
