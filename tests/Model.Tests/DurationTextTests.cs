namespace Swarm.Model.Tests;

public sealed class DurationTextTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("500ms", 500_000_000)]
    [InlineData("1m30s", 90_000_000_000)]
    [InlineData("1.5h", 5_400_000_000_000)]
    [InlineData("7us", 7_000)]
    [InlineData("7µs", 7_000)]
    [InlineData("-10s", -10_000_000_000)]
    [InlineData("9223372036854775807ns", long.MaxValue)]
    public void Numbers_with_units_add_up(string text, long ns)
    {
        Assert.True(DurationText.TryParseNs(text, out var read));
        Assert.Equal(ns, read);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("10")]
    [InlineData("s")]
    [InlineData(".s")]
    [InlineData("1..2s")]
    [InlineData("1 s")]
    [InlineData("1d")]
    [InlineData("+1s")]
    [InlineData("1s-1s")]
    [InlineData("9223372036854775808ns")]
    [InlineData("2562048h")]
    [InlineData("79228162514264337593543950335h")]
    [InlineData("11111111111111111111111111111111111111111111111111111111111111111s")]
    public void Anything_else_is_refused_and_nothing_overflows(string text) =>
        Assert.False(DurationText.TryParseNs(text, out _));
}
