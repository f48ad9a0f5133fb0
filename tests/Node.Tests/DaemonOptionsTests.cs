namespace Swarm.Node.Tests;

/// <summary>What stands on swarmd's command line is taken or refused, never ignored.</summary>
public sealed class DaemonOptionsTests
{
    [Fact]
    public void Ids_of_containers_and_paths_that_they_may_mount()
    {
        var options = DaemonOptions.Parse(
            ["--userns-remap", "100000:65536", "--allow-mount=/srv", "--allow-mount", "/mnt/data"]);
        Assert.Equal("100000:65536", options.UsernsRemap);
        Assert.Equal(["/srv", "/mnt/data"], options.AllowMounts);
        Assert.Equal("", DaemonOptions.Parse([]).UsernsRemap);
    }

    [Theory]
    [InlineData("--userns-remap", "default")]
    [InlineData("--userns-remap", "0:65536")]
    [InlineData("--allow-mount", "srv")]
    [InlineData("--allow-mount", "/srv/../etc")]
    public void What_cannot_be_is_refused_with_its_name(string flag, string value) => Assert.StartsWith(
        flag, Assert.Throws<FormatException>(() => DaemonOptions.Parse([flag, value])).Message,
        StringComparison.Ordinal);
}
