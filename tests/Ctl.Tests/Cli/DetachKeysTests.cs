using Swarm.Ctl.Cli;

namespace Swarm.Ctl.Tests.Cli;

/// <summary>Keys that leave a terminal alone; everything else arrives, in order.</summary>
public sealed class DetachKeysTests
{
    [Theory]
    [InlineData("ctrl-p,ctrl-q", "a\u0010\u0011b", "a", true)]
    [InlineData("ctrl-p,ctrl-q", "\u0010x\u0011", "\u0010x\u0011", false)]
    [InlineData("ctrl-p,ctrl-q", "\u0010\u0010\u0011", "\u0010", true)]
    [InlineData("ctrl-]", "ab\u001d", "ab", true)]
    [InlineData("x,y,z", "xyxyz", "xy", true)]
    [InlineData("CTRL-@", "\0", "", true)]
    public void In_one_piece_or_key_by_key(string keys, string typed, string passes, bool leaves)
    {
        var bytes = typed.Select(c => (byte)c).ToArray();
        var whole = new List<byte>();
        Assert.Equal(leaves, DetachKeys.Parse(keys).Take(bytes, whole));
        Assert.Equal(passes, string.Concat(whole.Select(b => (char)b)));
        var single = new List<byte>();
        var finder = DetachKeys.Parse(keys);
        Assert.Equal(leaves, bytes.Any(b => finder.Take([b], single)));
        Assert.Equal(passes, string.Concat(single.Select(b => (char)b)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("ctrl-")]
    [InlineData("ctrl-1")]
    [InlineData("ab")]
    [InlineData("a,,b")]
    [InlineData("alt-p")]
    public void What_is_no_key_is_refused(string keys) =>
        Assert.Contains("--detach-keys", Assert.Throws<UsageException>(() => DetachKeys.Parse(keys)).Message);
}
