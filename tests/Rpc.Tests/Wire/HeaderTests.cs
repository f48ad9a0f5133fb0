using FsCheck;
using FsCheck.Fluent;
using Swarm.Rpc.Wire;

namespace Swarm.Rpc.Tests.Wire;

/// <summary>Values of headers, there and back.</summary>
public sealed class HeaderTests
{
    [Fact]
    public void Every_message_survives_and_is_plain_ascii() => Prop.ForAll<NonNull<string>>(text =>
    {
        // Half surrogates are no text: they come back as the replacement character.
        string message = new([.. text.Get.Where(c => !char.IsSurrogate(c)).Take(500)]);
        string wire = StatusHeaders.EncodeMessage(message);
        return wire.All(c => c is >= ' ' and <= '~') && StatusHeaders.DecodeMessage(wire) == message;
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Any_text_can_be_decoded() => Prop.ForAll<NonNull<string>>(text =>
    {
        StatusHeaders.DecodeMessage(text.Get + "%" + text.Get + "%z1%4");
        return true;
    }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("a%20b", "a b")]
    [InlineData("100%", "100%")]
    [InlineData("%zz", "%zz")]
    [InlineData("%C3%A9", "é")]
    public void Messages_of_other_implementations(string wire, string message) =>
        Assert.Equal(message, StatusHeaders.DecodeMessage(wire));

    [Fact]
    public void Long_message_is_cut_between_characters()
    {
        string wire = StatusHeaders.EncodeMessage("x" + new string('é', StatusHeaders.MaxMessageBytes));
        string cut = StatusHeaders.DecodeMessage(wire);
        Assert.Equal("x" + new string('é', (StatusHeaders.MaxMessageBytes - 1) / 2), cut);
    }

    [Fact]
    public void Bytes_survive() => Prop.ForAll<byte[]>(
        bytes => StatusHeaders.DecodeBinary(StatusHeaders.EncodeBinary(bytes))!.SequenceEqual(bytes))
        .QuickCheckThrowOnFailure();

    [Fact]
    public void Padding_is_taken_and_what_is_no_base64_is_nothing()
    {
        Assert.Equal([1], StatusHeaders.DecodeBinary("AQ==")!);
        Assert.Null(StatusHeaders.DecodeBinary("*"));
    }

    [Fact]
    public void Timeouts_survive_within_their_grain() => Prop.ForAll<PositiveInt, PositiveInt>((a, b) =>
    {
        TimeSpan given = TimeSpan.FromMicroseconds((double)a.Get * b.Get * 977);
        string wire = TimeoutHeader.Encode(given);
        double tolerance = given.TotalMilliseconds < 99_999 ? 0.001 : 1000;
        return wire.Length <= 9 && TimeoutHeader.TryParse(wire, out TimeSpan read)
            && Math.Abs((read - given).TotalMilliseconds) <= tolerance;
    }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("1H", 3_600_000)]
    [InlineData("2M", 120_000)]
    [InlineData("3S", 3000)]
    [InlineData("4m", 4)]
    [InlineData("5000u", 5)]
    [InlineData("6000000n", 6)]
    public void Units(string text, int milliseconds)
    {
        Assert.True(TimeoutHeader.TryParse(text, out TimeSpan timeout));
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), timeout);
    }

    [Theory]
    [InlineData("")]
    [InlineData("S")]
    [InlineData("1")]
    [InlineData("1s")]
    [InlineData(" 1S")]
    [InlineData("+1S")]
    [InlineData("1.5S")]
    [InlineData("100000000S")]
    public void Not_a_timeout(string text) => Assert.False(TimeoutHeader.TryParse(text, out _));
}
