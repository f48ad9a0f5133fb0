using Swarm.Ctl.Cli;

namespace Swarm.Ctl.Tests.Cli;

public sealed class UnitValueTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("1m30s", 90_000_000_000)]
    [InlineData("500ms", 500_000_000)]
    [InlineData("1.5h", 5_400_000_000_000)]
    [InlineData("-10s", -10_000_000_000)]
    public void Durations(string text, long ns) => Assert.Equal(ns, Units.DurationNs("--x", text));

    [Theory]
    [InlineData("10")]
    [InlineData("1fortnight")]
    [InlineData("")]
    [InlineData("s")]
    public void BadDurationsNameFlagAndValue(string text)
    {
        var error = Assert.Throws<UsageException>(() => Units.DurationNs("--update-delay", text));
        Assert.StartsWith($"--update-delay '{text}': not a duration", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("64m", 64L << 20)]
    [InlineData("64M", 64L << 20)]
    [InlineData("1.5g", 3L << 29)]
    [InlineData("1024", 1024)]
    [InlineData("16KiB", 16 << 10)]
    public void Sizes(string text, long bytes) => Assert.Equal(bytes, Units.Bytes("--x", text));

    [Theory]
    [InlineData("12x")]
    [InlineData("-5m")]
    [InlineData("m")]
    public void BadSizes(string text) => Assert.Throws<UsageException>(() => Units.Bytes("--limit-memory", text));

    [Theory]
    [InlineData("-1")]
    [InlineData("abc")]
    [InlineData("18446744073709551616")]
    public void BadCounts(string text)
    {
        var error = Assert.Throws<UsageException>(() => Units.Count("--replicas", text, 100_000));
        Assert.Equal($"--replicas '{text}': not a whole number from 0 to 100000", error.Message);
    }
}
