using Swarm.Ctl.Cli;

namespace Swarm.Ctl.Tests.Cli;

/// <summary>What is said about a command line that makes no sense, before anything is sent.</summary>
public sealed class CommandLineTests
{
    [Theory]
    [InlineData("service foo", "'foo' is not a command of 'swarmctl service'; see 'swarmctl service --help'")]
    [InlineData("nosuch", "'nosuch' is not a command of 'swarmctl'; see 'swarmctl --help'")]
    [InlineData("service create --secret x web:1", null)]
    [InlineData("service create --no-healthcheck web:1", null)]
    [InlineData("service create --replica 3 web:1", "swarmctl service create: unknown flag '--replica'; see")]
    [InlineData("service rm -x", "unknown flag '-x'")]
    [InlineData("service scale web=2", null)]
    [InlineData("swarm update --max-snapshots 3", "--max-snapshots is not available in this version")]
    [InlineData("swarm update --snapshot-interval 5", "--snapshot-interval is not available in this version")]
    [InlineData("swarm update --external-ca x", "--external-ca is not available in this version")]
    [InlineData("swarm update --autolock=maybe", "maybe")]
    [InlineData("swarm update --autolock", null)]
    [InlineData("swarm update --autolock=false --cert-expiry 48h", null)]
    [InlineData("swarm unlock-key --rotate -q", null)]
    [InlineData("swarm unlock SWMKEY-1-x", "SWMKEY-1-x")]
    [InlineData("service create --name a web:1 sh -c --weird", null)]
    public void Faults(string line, string? says)
    {
        var args = line.Split(' ');
        var fault = CtlProgram.Fault(CtlProgram.Tree().Parse(args));
        if (says is null)
        {
            Assert.Null(fault);
        }
        else
        {
            Assert.Contains(says, fault, StringComparison.Ordinal);
        }
    }
}
