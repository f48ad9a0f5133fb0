using Microsoft.Extensions.Logging;
using Swarm.Rpc.Server;

namespace Swarm.Rpc.Tests.Server;

public sealed class WarningsOnlyTests
{
    [Fact]
    public void Warnings_pass_and_what_is_below_does_not()
    {
        using var factory = new WarningsOnly(new ListLog());
        var log = factory.CreateLogger("Microsoft.AspNetCore.Server.Kestrel");
        Assert.True(log.IsEnabled(LogLevel.Warning));
        Assert.False(log.IsEnabled(LogLevel.Information));
    }

    /// <summary>The host asks whether anybody would hear of something critical, and then makes an activity for every
    /// single call.</summary>
    [Fact]
    public void Nobody_listens_to_the_diagnostics_of_the_host()
    {
        using var factory = new WarningsOnly(new ListLog());
        Assert.False(factory.CreateLogger("Microsoft.AspNetCore.Hosting.Diagnostics").IsEnabled(LogLevel.Critical));
    }
}
