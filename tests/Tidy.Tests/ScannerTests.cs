namespace Swarm.Tidy.Tests;

/// <summary>The rules are only as good as the eyes that look.</summary>
public sealed class ScannerTests
{
    [Theory]
    [InlineData("a // b { c", "a")]
    [InlineData("a /* { */ b", "a         b")]
    [InlineData("x = \"{\\\"{\"; y", "x = \"    \"; y")]
    [InlineData("x = @\"{\"\"{\"; y", "x = @\"    \"; y")]
    [InlineData("x = '{'; y", "x = ' '; y")]
    [InlineData("x = $\"{{\"; y", "x = $\"  \"; y")]
    [InlineData("x = $\"a{b}c\"; y", "x = $\"  b  \"; y")]
    [InlineData("x = $\"{b[\"{\"]}\"; y", "x = $\" b[\" \"] \"; y")]
    [InlineData("x = \"\"\"{\"{\"\"\"; y", "x = \"\"\"   \"\"\"; y")]
    [InlineData("x = $$\"\"\"{{a}}\"\"\"; y", "x = $$\"\"\"  a  \"\"\"; y")]
    [InlineData("x = \"\"; y", "x = \"\"; y")]
    [InlineData("x = @\"\"; y {", "x = @\"\"; y {")]
    public void Comments_and_texts_are_blank(string source, string expected) =>
        Assert.Equal(expected.TrimEnd(), CodeText.Blank(source).TrimEnd());

    [Fact]
    public void Members_are_the_blocks_of_a_type()
    {
        const string source = """
            namespace A;
            public sealed class B<T>(int x) : C where T : class
            {
                private readonly int[] numbers = { 1, 2 };
                public int D { get; set; }
                public void E<U>(U u) where U : class
                {
                    if (x > 0)
                    {
                        F();
                    }
                }
                private int F() => x switch
                {
                    _ => 1,
                };
                private record struct Inner(int Y)
                {
                    public int G()
                    {
                        return Y;
                    }
                }
            }
            """;
        var members = Members.Of(source).Where(member => member.Length > 1).ToList();
        Assert.Equal([(6, 12), (13, 16), (19, 22)], members.Select(member => (member.FirstLine, member.LastLine)));
    }
}
