using System.Security.Cryptography;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Swarm.Model;

namespace Swarm.Security.Tests;

public sealed class JoinTokenTests : IDisposable
{
    private readonly RootCa root = Pki.NewRoot(Pki.Now);
    private readonly byte[] secret = Pki.Bytes(7, JoinToken.SecretBytes);

    public void Dispose() => root.Dispose();

    [Fact]
    public void A_token_has_the_form_that_docker_users_know()
    {
        var token = JoinToken.Create(root.CertificatePem, secret);
        Assert.Matches("^SWMTKN-1-[0-9a-z]{50}-[0-9a-z]{25}$", token.Text);
        Assert.Equal(JoinToken.Chars, token.Text.Length);
        var digest = SHA256.HashData(Encoding.ASCII.GetBytes(root.CertificatePem));
        Assert.Equal(IdFormat.Base36(digest, 50), token.RootDigest);
        Assert.EndsWith(IdFormat.Base36(secret, 25), token.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_secret_survives_the_way_through_text() =>
        Prop.ForAll(
            Gen.Choose(0, 255).Select(b => (byte)b).ArrayOf(JoinToken.SecretBytes).ToArbitrary(),
            bytes =>
            {
                var token = JoinToken.Create(root.CertificatePem, bytes);
                return JoinToken.TryParse(token.Text, out var read, out _)
                    && read.SecretEquals(bytes)
                    && read.Text == token.Text
                    && read.MatchesRoot(root.CertificatePem);
            }).QuickCheckThrowOnFailure();

    [Fact]
    public void Parsing_never_throws_and_accepts_only_its_own_spelling() =>
        Prop.ForAll(
            ArbMap.Default.ArbFor<string>(),
            text => !JoinToken.TryParse(text, out _, out var error) && error.Contains("join-token"))
            .QuickCheckThrowOnFailure();

    [Fact]
    public void A_token_with_any_one_character_changed_gives_no_entry()
    {
        var token = JoinToken.Create(root.CertificatePem, Pki.Random(JoinToken.SecretBytes));
        for (var i = 0; i < token.Text.Length; i++)
        {
            foreach (var c in "0az-A")
            {
                if (token.Text[i] == c)
                    continue;
                var changed = token.Text[..i] + c + token.Text[(i + 1)..];
                Assert.False(
                    JoinToken.TryParse(changed, out var read, out _)
                        && read.MatchesRoot(root.CertificatePem)
                        && read.SecretEquals(token),
                    $"position {i}: {c}");
            }
        }
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("hello", "not a join token")]
    [InlineData("swmtkn-1-", "not a join token")]
    [InlineData("SWMTKN-2-0-abc", "another version")]
    [InlineData("SWMTKN-1-abc-def", "16 characters where 85")]
    [InlineData("SWMTKN-1-zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz-0000000000000000000000000", "first")]
    [InlineData("SWMTKN-1-00000000000000000000000000000000000000000000000000-zzzzzzzzzzzzzzzzzzzzzzzzz", "second")]
    [InlineData("SWMTKN-1-0000000000000000000000000000000000000000000000000A-0000000000000000000000000", "first")]
    [InlineData("SWMTKN-1-00000000000000000000000000000000000000000000000000-00000000000000000000000 0", "second")]
    [InlineData("SWMTKN-1-000000000000000000000000000000000000000000000000000-000000000000000000000000", "85 of")]
    public void A_text_that_is_no_token_is_refused_with_the_reason_and_the_remedy(string text, string reason)
    {
        Assert.False(JoinToken.TryParse(text, out var token, out var error));
        Assert.Null(token);
        Assert.Contains(reason, error, StringComparison.Ordinal);
        Assert.Contains("swarmctl swarm join-token", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Truncated_extended_and_absent_tokens_are_refused()
    {
        var text = JoinToken.Create(root.CertificatePem, secret).Text;
        for (var length = 0; length < text.Length; length++)
            Assert.False(JoinToken.TryParse(text[..length], out _, out _));
        Assert.False(JoinToken.TryParse(text + "0", out _, out _));
        Assert.False(JoinToken.TryParse(text + "\n", out _, out _));
        Assert.False(JoinToken.TryParse(new string('a', 1 << 20), out _, out _));
        Assert.False(JoinToken.TryParse(null, out _, out _));
    }

    [Fact]
    public void The_digest_is_of_the_certificate_whatever_the_line_endings()
    {
        var token = JoinToken.Create(root.CertificatePem, secret);
        Assert.True(token.MatchesRoot(root.CertificatePem.ReplaceLineEndings("\r\n")));
        Assert.True(token.MatchesRoot("\n" + root.CertificatePem.TrimEnd() + "\n\n"));
        using var other = Pki.NewRoot(Pki.Now);
        Assert.False(token.MatchesRoot(other.CertificatePem));
    }

    [Fact]
    public void Printing_a_token_or_an_error_does_not_tell_the_secret()
    {
        var token = JoinToken.Create(root.CertificatePem, secret);
        var secretText = token.Text[^25..];
        Assert.DoesNotContain(secretText, token.ToString(), StringComparison.Ordinal);
        Assert.False(JoinToken.TryParse(token.Text + "x", out _, out var error));
        Assert.DoesNotContain(secretText, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Secrets_of_another_length_are_refused_and_never_equal()
    {
        var token = JoinToken.Create(root.CertificatePem, secret);
        Assert.Throws<ArgumentException>(() => JoinToken.Create(root.CertificatePem, secret.AsSpan(1)));
        Assert.False(token.SecretEquals(secret.AsSpan(1)));
        Assert.False(token.SecretEquals([]));
    }
}
