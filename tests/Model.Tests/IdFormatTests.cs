using System.Numerics;
using FsCheck;
using FsCheck.Fluent;
using Swarm.Model;

namespace Swarm.Model.Tests;

public sealed class IdFormatTests
{
    [Fact]
    public void AnIdHasAlwaysTheSameForm() => Prop.ForAll(
        Gen.ArrayOf(ArbMap.Default.GeneratorFor<byte>(), IdFormat.RandomBytes).ToArbitrary(),
        bytes =>
        {
            var id = IdFormat.FromRandom(bytes);
            return id.Length == IdFormat.Chars && IdFormat.CouldBePrefix(id);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Base36_is_the_number_in_that_base() => Prop.ForAll(
        ArbMap.Default.ArbFor<byte[]>(), Gen.Choose(0, 60).ToArbitrary(),
        (bytes, width) =>
        {
            var number = new BigInteger(bytes, isUnsigned: true, isBigEndian: true);
            var digits = "";
            for (; number > 0; number /= 36)
            {
                digits = "0123456789abcdefghijklmnopqrstuvwxyz"[(int)(number % 36)] + digits;
            }

            Assert.Equal(digits.PadLeft(width, '0'), IdFormat.Base36(bytes, width));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void AnotherNumberOfBytesIsRefused() =>
        Assert.Throws<ArgumentException>(() => IdFormat.FromRandom(new byte[16]));

    [Theory]
    [InlineData("", false)]
    [InlineData("abc123", true)]
    [InlineData("ABC", false)]
    [InlineData("a-b", false)]
    [InlineData("01234567890123456789012345", false)]
    public void Prefixes(string text, bool valid) => Assert.Equal(valid, IdFormat.CouldBePrefix(text));

    [Theory]
    [InlineData("10.99.0.11", "10.99.0.11:2377")]
    [InlineData("10.99.0.11:2400", "10.99.0.11:2400")]
    [InlineData("[::1]:99", "[::1]:99")]
    public void Addresses(string text, string canonical)
    {
        Assert.True(HostPort.TryParse(text, out var parsed));
        Assert.Equal(canonical, parsed.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("host:1")]
    [InlineData("1.2.3.4:0")]
    [InlineData("1.2.3.4:70000")]
    [InlineData("5")]
    public void NoAddresses(string text) => Assert.False(HostPort.TryParse(text, out _));
}
