using Swarm.Ctl.Cli;
using Swarm.Manager.Tests;

namespace Swarm.CommandLine.Tests;

/// <summary>What one run of swarmctl left behind.</summary>
internal sealed record Ran(int ExitCode, string Output, string Errors);

/// <summary>swarmctl as it is, against a real manager.</summary>
internal static class CommandLines
{
    internal static async Task<Ran> CtlAsync(this OneManager one, params string[] arguments) =>
        await AtAsync("unix://" + one.Socket, arguments);

    internal static async Task<Ran> AtAsync(string host, params string[] arguments)
    {
        await using var output = new StringWriter();
        await using var errors = new StringWriter();
        var code = await CtlProgram.RunAsync(["--host", host, .. arguments], output, errors);
        return new Ran(code, output.ToString(), errors.ToString());
    }
}

/// <summary>A manager with a service "taken" that publishes port 9090, for tests that change nothing.</summary>
public sealed class ManagerWithOneService : IAsyncLifetime
{
    internal OneManager Manager { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Manager = await OneManager.StartAsync();
        var created = await Manager.CtlAsync(
            "service", "create", "--no-resolve-image", "--detach", "--name", "taken", "--publish", "9090:80",
            "registry.test/web:1");
        Assert.Equal((0, ""), (created.ExitCode, created.Errors));
        foreach (var (kind, name) in new[] { ("secret", "s"), ("secret", "old"), ("config", "c"), ("config", "old") })
        {
            Assert.Equal(0, (await Manager.CtlAsync(kind, "create", name, "/etc/hostname")).ExitCode);
        }

        await OneManager.UntilAsync(() => Manager.Node.State.FindService("taken")!.Ports.Length == 1);
    }

    public async Task DisposeAsync() => await Manager.DisposeAsync();
}
