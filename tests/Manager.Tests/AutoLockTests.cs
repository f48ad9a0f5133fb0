using System.Security.Cryptography;
using System.Text;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Security;

namespace Swarm.Manager.Tests;

public sealed class AutoLockTests
{
    [Fact]
    public async Task Turned_on_the_vault_needs_the_key_that_was_answered()
    {
        await using var one = await OneManager.StartSealedAsync();
        Assert.False(one.Vault!.IsLocked);
        var key = await TurnOnAsync(one);
        Assert.Equal(VaultFault.NeedsKey, KeyVault.Open(one.VaultFile, null).Fault);
        await SettledAsync(one);
        await one.CreateAsync("web");
        await one.RestartAsync(key);
        var services = await one.CallAsync<ListServicesRequest, ListServicesResponse>("ListServices", new());
        Assert.Equal("web", services.Services.Single().Spec.Name);
        Assert.True((await Cluster(one)).AutoLock);
    }

    [Fact]
    public async Task Rotation_shuts_out_the_old_key_and_forgets_the_old_data_key()
    {
        await using var one = await OneManager.StartSealedAsync();
        await one.CreateAsync("before");
        var first = await TurnOnAsync(one);
        var ids = one.Vault!.KeyIds;
        var second = Parse((await RotateAsync(one)).UnlockKey);
        await OneManager.UntilAsync(() => one.Vault.IsWrappedWith(second));
        Assert.Equal(VaultFault.WrongKey, KeyVault.Open(one.VaultFile, first).Fault);
        await SettledAsync(one);
        Assert.DoesNotContain(one.Vault.KeyIds[0], ids);
        Assert.Equal(one.Vault.KeyIds, one.Node.RaftStatus.KeysInUse);
        await one.RestartAsync(second);
        Assert.NotEmpty((await one.CallAsync<ListServicesRequest, ListServicesResponse>("ListServices",
            new())).Services);
    }

    [Fact]
    public async Task Turned_off_it_opens_by_itself_and_there_is_no_key()
    {
        await using var one = await OneManager.StartSealedAsync();
        await TurnOnAsync(one);
        await UpdateAsync(one, r => r.AutoLock = false);
        await OneManager.UntilAsync(() => !one.Vault!.IsLocked);
        await one.RestartAsync(null);
        var none = await Assert.ThrowsAsync<RpcException>(
            () => one.CallAsync<GetUnlockKeyRequest, GetUnlockKeyResponse>("GetUnlockKey", new()));
        Assert.Equal("no unlock key is set", none.Message);
        var rotate = await Assert.ThrowsAsync<RpcException>(() => RotateAsync(one));
        Assert.Contains("autolock is not turned on", rotate.Message, StringComparison.Ordinal);
    }

    /// <summary>The log holds all that was ever said; what is past must not wrap the keys.</summary>
    [Fact]
    public async Task A_start_that_passes_through_old_settings_does_not_follow_them()
    {
        await using var one = await OneManager.StartSealedAsync();
        await TurnOnAsync(one);
        await UpdateAsync(one, r => r.AutoLock = false);
        await OneManager.UntilAsync(() => !one.Vault!.IsLocked);
        var key = await TurnOnAsync(one);
        await SettledAsync(one);
        var file = await File.ReadAllBytesAsync(one.VaultFile);
        await one.RestartAsync(key);
        await one.CreateAsync("web");
        Assert.True(one.Vault!.IsWrappedWith(key));
        Assert.Equal(file, await File.ReadAllBytesAsync(one.VaultFile));
    }

    [Fact]
    public async Task A_repeated_command_makes_one_key()
    {
        await using var one = await OneManager.StartSealedAsync();
        var cluster = await Cluster(one);
        var request = one.Marked(
            new UpdateClusterRequest { Version = cluster.Version, Spec = cluster.Spec, AutoLock = true });
        var first = await one.CallAsync<UpdateClusterRequest, UpdateClusterResponse>("UpdateCluster", request);
        var again = await one.CallAsync<UpdateClusterRequest, UpdateClusterResponse>("UpdateCluster", request);
        Assert.Equal(first, again);
        var rotation = one.Marked(new RotateUnlockKeyRequest());
        var key = await one.CallAsync<RotateUnlockKeyRequest, GetUnlockKeyResponse>("RotateUnlockKey", rotation);
        Assert.Equal(
            key, await one.CallAsync<RotateUnlockKeyRequest, GetUnlockKeyResponse>("RotateUnlockKey", rotation));
        Assert.NotEqual(first.UnlockKey, key.UnlockKey);
    }

    [Fact]
    public async Task Settings_are_compared_and_set_and_bad_ones_are_refused()
    {
        await using var one = await OneManager.StartSealedAsync();
        await UpdateAsync(one, r => r.Spec.TaskHistoryLimit = 2);
        var cluster = await Cluster(one);
        Assert.Equal(2, cluster.Spec.TaskHistoryLimit);
        var stale = await Assert.ThrowsAsync<RpcException>(() => UpdateAsync(one, r => r.Version--));
        Assert.Equal(RpcStatusCode.Aborted, stale.Code);
        await Refused(one, r => r.Spec.HeartbeatPeriodNs = 0, "heartbeat_period");
        await Refused(one, r => r.Spec.NodeCertificateExpiryNs = 1, "node_certificate_expiry");
        await Refused(one, r => r.Spec.TaskHistoryLimit = -2, "task_history_limit");
        await Refused(one, r => r.Spec.AddressPool = "10.0.0.0/8", "address_pool");
        Assert.Equal(cluster.Version, (await Cluster(one)).Version);
    }

    /// <summary>The scan finds what lies there in clear: a log without keys, a vault without autolock.</summary>
    [Fact]
    public async Task The_scan_for_secrets_would_find_them()
    {
        await using var plain = await OneManager.StartAsync();
        await CreateWithSecretAsync(plain);
        var found = Spellings.Found(plain.Data, Secrets(plain));
        foreach (var name in new[] { "worker token", "manager token", "root key", "environment" })
            Assert.Contains(found, f => f.StartsWith(name, StringComparison.Ordinal));
    }

    [Fact]
    public async Task No_secret_lies_in_clear_on_the_disk_with_autolock()
    {
        await using var one = await OneManager.StartSealedAsync();
        // Written before the change: these must be gone too when it has settled.
        await CreateWithSecretAsync(one);
        var key = await TurnOnAsync(one);
        await SettledAsync(one);
        for (var i = 0; i < 50; i++)
            await one.CreateAsync($"more-{i}");
        AssertClean(one, "unlock key", key);
        var next = Parse((await RotateAsync(one)).UnlockKey);
        await OneManager.UntilAsync(() => one.Vault!.IsWrappedWith(next));
        await SettledAsync(one);
        AssertClean(one, "old unlock key", key);
        AssertClean(one, "new unlock key", next);
        await one.RestartAsync(next);
        AssertClean(one, "unlock key after a restart", next);
    }

    private static void AssertClean(OneManager one, string name, UnlockKey key)
    {
        var secrets = Secrets(one);
        secrets[name] = key.ToBytes();
        secrets[name + ", printed"] = Encoding.ASCII.GetBytes(key.Text[9..]);
        foreach (var (id, data) in one.Vault!.KeysFor("swarm/raft-log/1"))
            secrets[$"log key {id}"] = data;
        Assert.Empty(Spellings.Found(one.Data, secrets));
    }

    private static Dictionary<string, byte[]> Secrets(OneManager one)
    {
        var cluster = one.Node.State.Cluster!;
        using var root = ECDsa.Create();
        root.ImportFromPem(cluster.RootKeyPem);
        return new Dictionary<string, byte[]>
        {
            ["worker token"] = [.. cluster.WorkerTokenSecret],
            ["manager token"] = [.. cluster.ManagerTokenSecret],
            ["worker token, printed"] = Encoding.ASCII.GetBytes(
                JoinToken.Create(cluster.RootCertificatePem, cluster.WorkerTokenSecret.AsSpan()).Text[^25..]),
            ["root key"] = Encoding.ASCII.GetBytes(cluster.RootKeyPem.Split('\n')[1]),
            ["root key, raw"] = root.ExportParameters(includePrivateParameters: true).D!,
            ["node key"] = one.IdentityKey(),
            ["environment"] = "canary-of-the-environment"u8.ToArray(),
        };
    }

    private static async Task CreateWithSecretAsync(OneManager one)
    {
        var request = OneManager.Create("secretive");
        request.Spec.Task.Container.Env.Add("PASSWORD=canary-of-the-environment");
        await one.CallAsync<CreateServiceRequest, CreateServiceResponse>("CreateService", one.Marked(request));
    }

    private static async Task<UnlockKey> TurnOnAsync(OneManager one)
    {
        var key = Parse((await UpdateAsync(one, r => r.AutoLock = true)).UnlockKey);
        await OneManager.UntilAsync(() => one.Vault!.IsWrappedWith(key));
        return key;
    }

    /// <summary>Old data keys are dropped when nothing needs them.</summary>
    private static Task SettledAsync(OneManager one) => OneManager.UntilAsync(() => one.Vault!.KeyIds.Count == 1);

    private static async Task Refused(OneManager one, Action<UpdateClusterRequest> change, string field)
    {
        var refusal = await Assert.ThrowsAsync<RpcException>(() => UpdateAsync(one, change));
        Assert.Equal(RpcStatusCode.InvalidArgument, refusal.Code);
        Assert.Contains(field, refusal.Message, StringComparison.Ordinal);
    }

    private static async Task<UpdateClusterResponse> UpdateAsync(OneManager one, Action<UpdateClusterRequest> change)
    {
        var cluster = await Cluster(one);
        var request = new UpdateClusterRequest { Version = cluster.Version, Spec = cluster.Spec.Clone() };
        change(request);
        return await one.CallAsync<UpdateClusterRequest, UpdateClusterResponse>("UpdateCluster", one.Marked(request));
    }

    private static async Task<ClusterView> Cluster(OneManager one) =>
        (await one.CallAsync<GetClusterRequest, GetClusterResponse>("GetCluster", new())).Cluster;

    private static Task<GetUnlockKeyResponse> RotateAsync(OneManager one) =>
        one.CallAsync<RotateUnlockKeyRequest, GetUnlockKeyResponse>(
            "RotateUnlockKey", one.Marked(new RotateUnlockKeyRequest()));

    private static UnlockKey Parse(string text) => UnlockKey.TryParse(text, out var key, out var error)
        ? key
        : throw new InvalidOperationException(error);
}
