namespace Swarm.Security.Tests;

public sealed class JoinFlowTests : IDisposable
{
    private readonly RootCa root = Pki.NewRoot(Pki.Now);
    private readonly RootCa other = Pki.NewRoot(Pki.Now);
    private readonly byte[] worker = Pki.Bytes(1, JoinToken.SecretBytes);
    private readonly byte[] manager = Pki.Bytes(2, JoinToken.SecretBytes);

    public void Dispose()
    {
        root.Dispose();
        other.Dispose();
    }

    [Fact]
    public void The_joiner_takes_the_root_that_its_token_pins_in_its_one_spelling()
    {
        var token = JoinToken.Create(root.CertificatePem, worker);
        Assert.True(JoinFlow.TryPinRoot(
            token, root.CertificatePem.ReplaceLineEndings("\r\n"), out var pinned, out _));
        Assert.Equal(root.CertificatePem, pinned);
    }

    [Fact]
    public void The_joiner_refuses_the_root_of_somebody_on_the_line()
    {
        var token = JoinToken.Create(root.CertificatePem, worker);
        Assert.False(JoinFlow.TryPinRoot(token, other.CertificatePem, out var pinned, out var error));
        Assert.Null(pinned);
        Assert.Contains(token.RootDigest, error, StringComparison.Ordinal);
        Assert.False(JoinFlow.TryPinRoot(token, "<html>", out _, out error));
        Assert.Contains("something else than its root", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, true, CertificateRole.Worker)]
    [InlineData(2, true, CertificateRole.Manager)]
    [InlineData(3, false, CertificateRole.Worker)]
    public void The_secret_decides_the_role(byte fill, bool admitted, CertificateRole role)
    {
        var token = JoinToken.Create(root.CertificatePem, Pki.Bytes(fill, JoinToken.SecretBytes));
        var secrets = new JoinSecrets(worker, manager);
        Assert.Equal(admitted, JoinFlow.TryAdmit(token, root.CertificatePem, secrets, out var given, out var error));
        Assert.Equal(role, given);
        Assert.Equal(admitted, error.Length == 0);
    }

    [Fact]
    public void A_token_of_another_cluster_is_refused_even_with_the_right_secret()
    {
        var token = JoinToken.Create(other.CertificatePem, manager);
        var secrets = new JoinSecrets(worker, manager);
        Assert.False(JoinFlow.TryAdmit(token, root.CertificatePem, secrets, out _, out var error));
        Assert.Contains("join-token", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_equal_secrets_admit_nobody()
    {
        var token = JoinToken.Create(root.CertificatePem, worker);
        Assert.False(JoinFlow.TryAdmit(token, root.CertificatePem, new JoinSecrets(worker, worker), out _, out _));
    }
}
