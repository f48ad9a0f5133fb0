using System.Text;
using Swarm.Runtime.Containers;

namespace Swarm.Runtime.Tests.Containers;

/// <summary>Conversations with commands in containers.</summary>
public abstract class SessionTests(ContainerFixture fixture)
{
    private const int SignalTerm = 15;

    [Fact]
    public async Task Input_output_and_exit_code_pass_and_are_kept_apart()
    {
        var spec = await SleeperAsync();
        await using var session = await StartAsync(spec, "cat; echo oops >&2; exit 7");
        await session.WriteAsync("one\n"u8.ToArray(), ContainerFixture.Deadline);
        await session.WriteAsync("two\n"u8.ToArray(), ContainerFixture.Deadline);
        session.CloseInput();
        var (output, error) = await ReadAsync(session);
        Assert.Equal(("one\ntwo\n", "oops\n"), (output, error));
        Assert.Equal(new SessionEnd(7, null), await session.Ended);
        Assert.Empty(Directory.EnumerateFiles(fixture.Root + "/data/containers/" + spec.Id, "exec-*"));
    }

    [Fact]
    public async Task A_terminal_has_a_size_that_changes()
    {
        var spec = await SleeperAsync();
        await using var session = await fixture.Runtime.StartExecAsync(
            spec.Id,
            new ContainerCommand
            {
                Args = ["/bin/sh", "-c", "tty; echo $TERM; sleep 0.5; stty size; read x; stty size; exit 3"],
                Tty = true, OpenInput = true, Size = new TerminalSize(33, 77),
            },
            ContainerFixture.Deadline);
        var text = new StringBuilder();
        var isResized = false;
        await foreach (var piece in session.ReadAllAsync(ContainerFixture.Deadline))
        {
            text.Append(Encoding.UTF8.GetString(piece.Data.Span));
            if (!isResized && text.ToString().Contains("33 77", StringComparison.Ordinal))
            {
                isResized = true;
                session.Resize(new TerminalSize(50, 100));
                await Task.Delay(200);
                await session.WriteAsync("\r"u8.ToArray(), ContainerFixture.Deadline);
            }
        }

        Assert.Equal(3, (await session.Ended).ExitCode);
        Assert.StartsWith("/dev/pts/", text.ToString(), StringComparison.Ordinal);
        Assert.Contains("xterm", text.ToString(), StringComparison.Ordinal);
        Assert.Contains("50 100", text.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_megabyte_comes_whole_and_in_bounded_memory(bool tty)
    {
        var spec = await SleeperAsync();
        await using var session = await StartAsync(
            spec, "dd if=/dev/zero bs=1000 count=4000 2>/dev/null | tr '\\0' x; echo END", tty);
        await Task.Delay(300);
        Assert.False(session.Ended.IsCompleted);
        var (output, _) = await ReadAsync(session);
        Assert.Equal(4_000_000, output.Count(c => c == 'x'));
        Assert.EndsWith("END", output.TrimEnd(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_cannot_be_started_has_dockers_codes_and_says_nothing_else(bool tty)
    {
        var spec = await SleeperAsync();
        foreach (var (args, code) in new[] { ("/bin/nope", 127), ("nope", 127), ("/tmp", 126) })
        {
            await using var session = await fixture.Runtime.StartExecAsync(
                spec.Id, new ContainerCommand { Args = [args], Tty = tty }, ContainerFixture.Deadline);
            Assert.Equal(("", ""), await ReadAsync(session));
            var end = await session.Ended;
            Assert.Equal(code, end.ExitCode);
            Assert.Contains(args, end.Failure, StringComparison.Ordinal);
        }

        var refused = await Assert.ThrowsAsync<CommandFailedException>(() => fixture.Runtime.StartDetachedAsync(
            spec.Id, new ContainerCommand { Args = ["/bin/nope"] }, ContainerFixture.Deadline));
        Assert.Equal(127, refused.ExitCode);
    }

    [Fact]
    public async Task User_directory_and_environment_are_those_asked_for()
    {
        var spec = await SleeperAsync();
        await File.WriteAllTextAsync(spec.RootfsPath + "/etc/passwd", "app:x:33:44::/:/bin/sh\n");
        await using var session = await fixture.Runtime.StartExecAsync(
            spec.Id,
            new ContainerCommand
            {
                Args = ["/bin/sh", "-c", "id -u; id -g; pwd; echo $A$B"],
                User = "app", Cwd = "/tmp", Env = ["A=new", "B=more"],
            },
            ContainerFixture.Deadline);
        Assert.Equal(("33\n44\n/tmp\nnewmore\n", ""), await ReadAsync(session));
        var nobody = await Assert.ThrowsAsync<ContainerException>(() => fixture.Runtime.StartExecAsync(
            spec.Id, new ContainerCommand { Args = ["id"], User = "ghost" }, ContainerFixture.Deadline));
        Assert.Contains("unable to find user ghost", nobody.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ContainerException>(() => fixture.Runtime.StartExecAsync(
            spec.Id, new ContainerCommand { Args = ["id"], Cwd = "/proc/self/fd/7" }, ContainerFixture.Deadline));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Given_up_it_ends_with_all_that_it_started(bool tty)
    {
        var spec = await SleeperAsync();
        var session = await StartAsync(spec, "trap '' HUP; sleep 4713 & sleep 4713; sleep 4713", tty);
        while (!(await ProcessesAsync(spec)).Contains("4713", StringComparison.Ordinal))
        {
            await Task.Delay(20, ContainerFixture.Deadline);
        }

        await session.DisposeAsync();
        Assert.DoesNotContain("4713", await ProcessesAsync(spec), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Signals_arrive()
    {
        var spec = await SleeperAsync();
        await using var session = await StartAsync(
            spec, "trap 'echo got; exit 5' TERM; echo up; while :; do sleep 0.1; done");
        var text = new StringBuilder();
        await foreach (var piece in session.ReadAllAsync(ContainerFixture.Deadline))
        {
            text.Append(Encoding.UTF8.GetString(piece.Data.Span));
            if (text.ToString() == "up\n")
                session.Signal(SignalTerm);
        }

        Assert.Equal("up\ngot\n", text.ToString());
        Assert.Equal(5, (await session.Ended).ExitCode);
    }

    [Fact]
    public async Task Attached_to_a_terminal_one_types_and_comes_again()
    {
        var spec = fixture.Spec("/bin/sh") with { Tty = true };
        await fixture.StartAsync(spec);
        await using (var first = fixture.Runtime.Attach(spec.Id))
        {
            first.Resize(new TerminalSize(41, 91));
            await first.WriteAsync("stty size\n"u8.ToArray(), ContainerFixture.Deadline);
            await UntilAsync(first, "41 91");
        }

        await using var second = fixture.Runtime.Attach(spec.Id);
        await second.WriteAsync("exit 9\n"u8.ToArray(), ContainerFixture.Deadline);
        await ReadAsync(second);
        Assert.Equal(new SessionEnd(9, null), await second.Ended);
    }

    [Fact]
    public async Task Attached_to_an_open_input_its_end_is_seen()
    {
        var spec = fixture.Shell("cat; echo over >&2; exit 6") with { Stdin = true };
        await fixture.Runtime.CreateAsync(spec, ContainerFixture.Deadline);
        var attached = fixture.Runtime.AttachedAsync(spec.Id, ContainerFixture.Deadline);
        Assert.False(attached.IsCompleted);
        await using var session = fixture.Runtime.Attach(spec.Id);
        await attached;
        await fixture.Runtime.StartAsync(spec.Id, ContainerFixture.Deadline);
        await session.WriteAsync("line\n"u8.ToArray(), ContainerFixture.Deadline);
        session.CloseInput();
        Assert.Equal(("line\n", "over\n"), await ReadAsync(session));
        Assert.Equal(new SessionEnd(6, null), await session.Ended);
    }

    [Fact]
    public async Task Attached_without_a_reader_the_container_goes_on()
    {
        var spec = fixture.Shell(
            "sleep 0.5; dd if=/dev/zero bs=1000 count=30000 2>/dev/null | tr '\\0' '\\n'; touch /tmp/done; sleep 60");
        await fixture.StartAsync(spec);
        await using var session = fixture.Runtime.Attach(spec.Id);
        await ContainerFixture.UntilAsync(() => File.Exists(spec.RootfsPath + "/tmp/done"));
        Assert.Contains("not read fast enough", (await session.Ended).Failure, StringComparison.Ordinal);
    }

    private static async Task UntilAsync(ContainerSession session, string wanted)
    {
        var text = new StringBuilder();
        await foreach (var piece in session.ReadAllAsync(ContainerFixture.Deadline))
        {
            text.Append(Encoding.UTF8.GetString(piece.Data.Span));
            if (text.ToString().Contains(wanted, StringComparison.Ordinal))
                return;
        }

        Assert.Fail(text.ToString());
    }

    private async Task<ContainerSpec> SleeperAsync()
    {
        var spec = fixture.Shell("sleep 600");
        await fixture.StartAsync(spec);
        return spec;
    }

    private Task<ContainerSession> StartAsync(ContainerSpec spec, string script, bool tty = false) =>
        fixture.Runtime.StartExecAsync(
            spec.Id, new ContainerCommand { Args = ["/bin/sh", "-c", script], Tty = tty, OpenInput = true },
            ContainerFixture.Deadline);

    private static async Task<(string Output, string Error)> ReadAsync(ContainerSession session)
    {
        var (output, error) = (new StringBuilder(), new StringBuilder());
        await foreach (var piece in session.ReadAllAsync(ContainerFixture.Deadline))
            (piece.IsError ? error : output).Append(Encoding.UTF8.GetString(piece.Data.Span));
        return (output.ToString(), error.ToString());
    }

    private async Task<string> ProcessesAsync(ContainerSpec spec) => (await fixture.Runtime.ExecAsync(
        spec.Id,
        new ContainerExec(["/bin/sh", "-c", "cat /proc/[0-9]*/cmdline"], TimeSpan.FromSeconds(20), 65536),
        ContainerFixture.Deadline)).Output;
}

/// <summary>With crun, which makes the terminal.</summary>
public sealed class CrunSessionTests(ContainerFixture fixture) : SessionTests(fixture), IClassFixture<ContainerFixture>;

/// <summary>With runc, which copies between two terminals.</summary>
public sealed class RuncSessionTests(RuncSessions runc) : SessionTests(runc.Fixture), IClassFixture<RuncSessions>;

/// <summary>The same with runc alone.</summary>
public sealed class RuncSessions : IAsyncLifetime
{
    internal ContainerFixture Fixture { get; } = new() { Runtimes = ["runc"] };

    public Task InitializeAsync() => Fixture.InitializeAsync();

    public Task DisposeAsync() => Fixture.DisposeAsync();
}
