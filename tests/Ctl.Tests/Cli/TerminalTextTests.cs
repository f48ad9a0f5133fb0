using Swarm.Ctl.Cli;

namespace Swarm.Ctl.Tests.Cli;

public sealed class TerminalTextTests
{
    [Theory]
    [InlineData("plain \u00e4 \u4e16", "plain \u00e4 \u4e16")]
    [InlineData("a\tb\nc", "a\tb\nc")]
    [InlineData("\u001b[31mred\u001b[0m", "red")]
    [InlineData("\u001b[38:2::1:2:3mred\u001b[m", "red")]
    [InlineData("\u001b[2J\u001b]0;title\u0007", "?[2J?]0;title?")]
    [InlineData("good\rbad", "good?bad")]
    [InlineData("\u009b31mcsi", "?31mcsi")]
    [InlineData("a\u202eb", "a?b")]
    [InlineData("\u001b\u001b[1m[2J", "?[2J")]
    public void A_terminal_gets_text_and_no_orders(string text, string shown)
    {
        var terminal = new StringWriter { NewLine = "\n" };
        var writer = new TerminalText(terminal);
        writer.WriteLine(text);
        writer.Write(text);
        Assert.Equal(shown + "\n" + shown, terminal.ToString());
    }

    [Fact]
    public void Every_way_of_writing_is_covered()
    {
        var terminal = new StringWriter { NewLine = "\n" };
        var writer = new TerminalText(terminal) { NewLine = "\n" };
        writer.Write('\u001b');
        writer.Write("\u001b]".ToCharArray());
        writer.Write("{0}", "\u001b");
        writer.WriteLine("{0}", "\u0007");
        writer.Write("\u001b".AsSpan());
        Assert.Equal("??]??\n?", terminal.ToString());
    }
}
