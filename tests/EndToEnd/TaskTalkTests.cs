using System.Diagnostics;

namespace Swarm.EndToEnd;

/// <summary>exec, attach and cp with a task of another node than the one that is asked.</summary>
[Collection(LabCollection.Name)]
public sealed class TaskTalkTests : IDisposable
{
    private const string OnN4 = "node.hostname==n4";
    private const int Seconds = 30;
    private readonly Lab lab;
    private readonly string folder = Directory.CreateTempSubdirectory("swarm-cp-").FullName;

    public TaskTalkTests(Lab lab)
    {
        this.lab = lab;
        lab.Reset();
        lab.Create("web", "--constraint", OnN4, "--user", "7:8", $"{Lab.Image}:1").Expect();
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_command_runs_on_another_node_from_every_manager()
    {
        foreach (var host in Lab.Managers)
        {
            var ran = lab.Ctl(host, "exec", "-e", "A=b", "-w", "/tmp", "web.1", "sh", "-c",
                "echo $A $PWD $(id -u); echo no >&2; exit 7");
            Assert.Equal((7, "b /tmp 7\n", "no\n"), (ran.ExitCode, ran.Output, ran.Errors));
        }

        var id = lab.Running("n1", "web").Single().Id;
        Assert.Equal("root\n", lab.Ctl("n2", "exec", "-u", "0", id[..10], "whoami").Expect().Output);
        var large = new string('x', 3_000_000);
        Assert.Equal("3000000\n", lab.CtlReads("n2", large, "exec", "-i", "web.1", "wc", "-c").Expect().Output);
        Assert.Equal(large, lab.CtlReads("n3", large, "exec", "-i", $"web.1.{id}", "cat").Expect().Output);
    }

    [Fact]
    public void What_does_not_work_is_said_in_one_line_with_a_code()
    {
        Refused(127, "nosuch", "exec", "web.1", "nosuch");
        Refused(126, "/tmp", "exec", "web.1", "/tmp");
        Refused(127, "nosuch", "exec", "-d", "web.1", "nosuch");
        Refused(3, "not found", "exec", "web.7", "id");
        Refused(1, "unable to find user ghost", "exec", "-u", "ghost", "web.1", "id");
        Refused(2, "--privileged", "exec", "--privileged", "web.1", "id");
        Refused(1, "not a TTY", "exec", "-it", "web.1", "sh");
        Refused(3, "no such file", "cp", "web.1:/none", folder);
        Refused(2, "not supported", "cp", "web.1:/a", "web.1:/b");
        lab.Run("kill", "n4").Expect();
        Wait.Until("n4 is down", Seconds, () => QuickCtl.Run("n1", "exec", "web.1", "id").ExitCode != 0);
        lab.Run("start", "n4").Expect();
    }

    [Fact]
    public void A_terminal_has_the_size_of_ours_and_ours_is_as_before()
    {
        var inside = Terminal(
            "stty rows 40 cols 100; "
            + "./lab ctl n2 exec -it web.1 sh -c 'tty; sleep 1; stty size; sleep 5; stty size' </dev/tty & "
            + "sleep 5; stty rows 50 cols 120; wait; stty -a | grep -o '[-]*icanon'");
        Assert.Contains("/dev/pts/", inside, StringComparison.Ordinal);
        Assert.Contains("40 100", inside, StringComparison.Ordinal);
        Assert.Contains("50 120", inside, StringComparison.Ordinal);
        Assert.DoesNotContain("-icanon", inside, StringComparison.Ordinal);
        Assert.Contains("icanon", inside, StringComparison.Ordinal);
    }

    [Fact]
    public void Who_vanishes_takes_his_command_along()
    {
        using var process = Process.Start(new ProcessStartInfo(
            Path.Combine(Repository.Root, "lab"), ["ctl", "n2", "exec", "web.1", "sleep", "4719"]))!;
        Wait.Until("the command runs", Seconds, () => Sleeps("4719"));
        process.Kill(entireProcessTree: true);
        process.WaitForExit();
        Wait.Until("the command is gone", Seconds, () => !Sleeps("4719"));
        Assert.Equal("y\n", CommandResult.Of("sh", ["-c", "./lab ctl n2 exec web.1 yes | head -n 1"]).Expect().Output);
        lab.Ctl("n3", "exec", "-d", "web.1", "sleep", "4720").Expect();
        Assert.True(Sleeps("4720"));
    }

    [Fact]
    public void Attached_one_types_to_the_program_and_leaves_it()
    {
        lab.Create("sh", "--tty", "--constraint", OnN4, "--entrypoint", "sh", $"{Lab.Image}:1").Expect();
        var left = CommandResult.Of("bash", ["-c",
            "(sleep 3; printf 'echo a$((6*7))b\\r'; sleep 1; printf '\\020\\021') | "
            + "script -qefc './lab ctl n2 attach sh.1' /dev/null"]).Expect().Output;
        Assert.Contains("a42b", left, StringComparison.Ordinal);
        Assert.Single(lab.Running("n1", "sh"));
    }

    [Fact]
    public void Files_go_both_ways()
    {
        Directory.CreateDirectory(folder + "/d/sub");
        File.WriteAllText(folder + "/d/sub/f", "there");
        File.CreateSymbolicLink(folder + "/d/l", "sub/f");
        File.WriteAllText(folder + "/big", new string('y', 5_000_000));
        lab.Ctl("n2", "cp", folder + "/d", "web.1:/tmp").Expect();
        lab.Ctl("n3", "cp", folder + "/d/.", "web.1:/tmp/e").Expect();
        lab.Ctl("n1", "cp", folder + "/big", "web.1:/tmp/renamed").Expect();
        Assert.Equal("there 0\nthere\n5000000\n", lab.Ctl("n1", "exec", "web.1", "sh", "-c",
            "echo $(cat /tmp/d/l) $(stat -c %u /tmp/d/sub/f); cat /tmp/e/sub/f; echo; wc -c < /tmp/renamed")
            .Expect().Output.Replace("\n\n", "\n", StringComparison.Ordinal));
        lab.Ctl("n2", "cp", "web.1:/tmp/d", folder + "/back").Expect();
        Assert.Equal("there", File.ReadAllText(folder + "/back/l"));
        lab.Ctl("n2", "cp", "web.1:/tmp/renamed", folder).Expect();
        Assert.Equal(5_000_000, new FileInfo(folder + "/renamed").Length);
        var archive = lab.Ctl("n3", "cp", "web.1:/tmp/d", "-").Expect().Output;
        lab.CtlReads("n1", archive, "cp", "-", "web.1:/tmp/e").Expect();
        Assert.Equal("there", lab.Ctl("n1", "exec", "web.1", "cat", "/tmp/e/d/sub/f").Expect().Output);
    }

    [Fact]
    public void A_link_in_the_container_shows_the_container_only()
    {
        File.WriteAllText(folder + "/host", "SECRET");
        lab.Ctl("n1", "exec", "-u", "0", "web.1", "sh", "-c",
            $"ln -s {folder} /tmp/out; ln -s {folder}/host /tmp/f; ln -s ../../../../../../.. /tmp/up").Expect();
        foreach (var path in new[] { "/tmp/out/host", $"/tmp/up{folder}/host", "/proc/1/root/etc/hostname" })
            Assert.NotEqual(0, lab.Ctl("n2", "cp", "-L", $"web.1:{path}", folder + "/got").ExitCode);
        Assert.NotEqual(0, lab.Ctl("n2", "cp", folder + "/host", "web.1:/tmp/out/new").ExitCode);
        lab.Ctl("n2", "cp", "web.1:/tmp/f", folder + "/link").Expect();
        Assert.Equal(folder + "/host", new FileInfo(folder + "/link").LinkTarget);
        Assert.False(Path.Exists(folder + "/got"));
    }

    private void Refused(int code, string says, params string[] arguments)
    {
        var ran = lab.Ctl("n2", arguments);
        Assert.True(ran.ExitCode == code && ran.Errors.Contains(says, StringComparison.Ordinal), ran.Text);
        Assert.Single(ran.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    private bool Sleeps(string seconds) =>
        lab.Sh("n4", "pgrep", "-f", $"^sleep {seconds}$").Output.Trim().Length > 0;

    /// <summary>What a shell with a terminal of its own printed.</summary>
    private static string Terminal(string script) => CommandResult.Of(
        "script", ["-qefc", script, "/dev/null"]).Output;
}
