using FsCheck;
using FsCheck.Fluent;

namespace Swarm.Security.Tests;

public sealed class UnlockKeyTests
{
    // docker-output/086: a key that docker printed.
    private const string Dockers = "SWMKEY-1-yOzh/Abvfx8hQ7ugJQP8tLVPvZLjftAEcr7L7uqBvNs";

    [Fact]
    public void The_form_is_dockers()
    {
        Assert.True(UnlockKey.TryParse(Dockers, out var key, out var error), error);
        Assert.Equal(Dockers, key.Text);
        Assert.Equal("c8ece1fc06ef7f1f2143bba02503fcb4b54fbd92e37ed00472becbeeea81bcdb",
            Convert.ToHexStringLower(key.ToBytes()));
        Assert.DoesNotContain("yOzh", $"{key}", StringComparison.Ordinal);
    }

    [Fact]
    public void Every_key_has_one_spelling() => Prop.ForAll(
        ArbMap.Default.ArbFor<byte>().Generator.ArrayOf(UnlockKey.Bytes).ToArbitrary(),
        bytes =>
        {
            var key = UnlockKey.FromBytes(bytes);
            return UnlockKey.TryParse(key.Text, out var read, out _) && read.SameAs(key)
                && read.ToBytes().AsSpan().SequenceEqual(bytes) && key.Text.Length == UnlockKey.Chars;
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(null, "empty")]
    [InlineData("", "empty")]
    [InlineData("nonsense", "must begin with SWMKEY-1-")]
    [InlineData("SWMKEY-2-yOzh/Abvfx8hQ7ugJQP8tLVPvZLjftAEcr7L7uqBvNs", "another version")]
    [InlineData("SWMKEY-1-yOzh/Abvfx8hQ7ugJQP8tLVPvZLjftAEcr7L7uqBvN", "51 characters")]
    [InlineData("SWMKEY-1-yOzh/Abvfx8hQ7ugJQP8tLVPvZLjftAEcr7L7uqBvNs=", "53 characters")]
    [InlineData("SWMKEY-1-yOzh/Abvfx8hQ7ugJQP8tLVPvZLjftAEcr7L7uqBv!s", "not base64")]
    [InlineData("SWMKEY-1-yOzh/Abvfx8hQ7ugJQP8tLVPvZLjftAEcr7L7uqBv s", "not base64")]
    [InlineData("SWMKEY-1-yOzh/Abvfx8hQ7ugJQP8tLVPvZLjftAEcr7L7uqBvNt", "last character")]
    public void What_is_no_key_is_refused_and_not_repeated(string? text, string reason)
    {
        Assert.False(UnlockKey.TryParse(text, out var key, out var error));
        Assert.Null(key);
        Assert.Contains(reason, error, StringComparison.Ordinal);
        Assert.DoesNotContain("yOzh", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_keys_are_never_the_same() => Assert.False(UnlockKey.Create().SameAs(UnlockKey.Create()));
}
