namespace Swarm.EndToEnd;

/// <summary>Images of real root file systems run as their config says: who, where, with what, how well, how ended.
/// </summary>
[Collection(LabCollection.Name)]
public sealed class RealImageTests : IDisposable
{
    private const string Node = "n4";
    private const string OnNode = "node.hostname==" + Node;
    private const string Repositories = "10.99.0.5:5000/real";
    private const int ConvergeSeconds = 60;
    private const int Port = 8087;

    /// <summary>The first process of a container ignores SIGTERM unless it says otherwise.</summary>
    private const string EndAtOnce = "STOPSIGNAL SIGKILL";

    private readonly Lab lab;
    private readonly string folder = Directory.CreateTempSubdirectory("swarm-e2e-real-").FullName;

    public RealImageTests(Lab lab)
    {
        this.lab = lab;
        lab.Reset();
        Directory.CreateDirectory(Root);
    }

    public void Dispose()
    {
        lab.Ctl("n1", "service", "rm", "real", "other");
        Wait.Until(
            "no container of its services is left", ConvergeSeconds,
            () => QuickCtl.Run(Node, "ps", "-q").Lines.Length == 0, () => QuickCtl.Run(Node, "ps").Text);
        lab.Ctl(Node, "image", "prune", "--all", "--force");
        lab.Ctl(Node, "volume", "prune", "--all", "--force");
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>The root file system that an image is made of.</summary>
    private string Root => Path.Combine(folder, "root");

    /// <summary>
    /// Debian's own program with the libraries and the loader it names, at their own paths. It ends with code 0 by
    /// SIGTERM too, at once; that it was SIGQUIT, which lets requests end, is in its log.
    /// </summary>
    [Fact]
    public void A_web_server_of_Debian_serves_and_is_stopped_by_the_signal_of_its_image()
    {
        UnpackNginx();
        Write("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nwww-data:x:33:33:www-data:/var/www:/bin/sh\n");
        Write("etc/group", "root:x:0:\nwww-data:x:33:\n");
        Write("etc/nginx/nginx.conf", """
            user www-data;
            pid /run/nginx.pid;
            error_log stderr notice;
            events {}
            http {
                access_log off;
                server { listen 80; root /var/www; }
            }
            """);
        Write("var/www/index.html", "<p>from a library away</p>");
        foreach (var needed in new[] { "run", "var/log/nginx", "var/lib/nginx" })
            Directory.CreateDirectory(Path.Combine(Root, needed));
        var image = Import(
            "nginx", "EXPOSE 80", "CMD [\"nginx\", \"-g\", \"daemon off;\"]", "STOPSIGNAL SIGQUIT");

        Create("real", image, "--publish", $"{Port}:80").Expect();
        Wait.Until(
            "another node answers", ConvergeSeconds, () => Lab.Get("n2", Port) == "<p>from a library away</p>",
            () => lab.ServiceText("n1", "real"));
        var first = lab.Tasks("n1", "real").Single().Id;
        lab.Ctl("n1", "service", "update", "--detach", "--force", "real").Expect();
        Wait.Until("the first one has ended", ConvergeSeconds, () => Task(first, "{{.Status.State}}") == "shutdown",
            () => Task(first, "{{json .Status}}"));
        Assert.Equal("0", Task(first, "{{.Status.ContainerStatus.ExitCode}}"));
        var log = lab.Ctl("n1", "service", "logs", first).Expect().Text;
        Assert.Contains("signal 3 (SIGQUIT) received", log, StringComparison.Ordinal);
        Assert.DoesNotContain("SIGTERM", log, StringComparison.Ordinal);
    }

    /// <summary>Nothing in it but a static program: no shell, no libraries, no /etc.</summary>
    [Fact]
    public void An_image_without_a_shell_and_without_users_runs()
    {
        Directory.CreateDirectory(Path.Combine(Root, "app"));
        File.Copy("/bin/busybox", Path.Combine(Root, "app/httpd"));
        Write("app/index.html", "bare");
        var image = Import(
            "bare", "ENTRYPOINT [\"/app/httpd\"]", "CMD [\"-f\", \"-p\", \"8080\", \"-h\", \"/app\"]",
            "USER 65532:65532", "EXPOSE 8080", EndAtOnce);

        Assert.Equal("&#60;bare&#62;", Run(image, "-e", "<bare>"));
        Assert.Equal(127, lab.Ctl(Node, "run", "--rm", "--entrypoint", "/bin/sh", image).ExitCode);
        Create("real", image, "--publish", $"{Port}:8080").Expect();
        Wait.Until(
            "another node answers", ConvergeSeconds, () => Lab.Get("n3", Port) == "bare",
            () => lab.ServiceText("n1", "real"));
        Assert.Equal("/app/httpd -f -p 8080 -h /app", lab.Sh(Node, "pgrep", "-u", "65532", "-a").Output
            .Trim().Split(' ', 2)[1]);
    }

    [Fact]
    public void User_folder_variables_volumes_and_command_are_those_of_the_image()
    {
        AddBusybox();
        Write("etc/passwd", "root:x:0:0::/root:/bin/sh\napp:x:1234:5678::/home/app:/bin/sh\n");
        Write("etc/group", "root:x:0:\napp:x:5678:\nextra:x:4321:app\n");
        Write("seed/word", "seeded\n");
        CommandResult.Of("chown", ["-R", "1234:5678", Path.Combine(Root, "seed")]).Expect();
        Write("bin/show", """
            #!/bin/sh
            busybox id -u; busybox id -G
            echo "$HOME $PWD $WORDS"
            busybox cat /seed/word && busybox touch /seed/new && busybox grep -c " /seed " /proc/mounts
            for word; do echo "[$word]"; done
            """);
        File.SetUnixFileMode(Path.Combine(Root, "bin/show"), (UnixFileMode)0b111_101_101);
        string[] common =
        [
            "ENV WORDS=\"two words\"", "WORKDIR /srv/made/up", "VOLUME /seed", "ENTRYPOINT [\"show\", \"first\"]",
            "CMD [\"second\", \"and third\"]",
        ];
        var image = Import("config", [.. common, "USER app"]);
        const string volume = "seeded\n1";
        const string who = "1234\n5678 4321\n/home/app";
        Assert.Equal(
            $"{who} /srv/made/up two words\n{volume}\n[first]\n[second]\n[and third]", Run(image));
        Assert.Equal(
            $"{who} /seed other\n{volume}\n[first]\n[instead]",
            Run("-w", "/seed", "-e", "WORDS=other", image, "instead"));
        // As docker: another entrypoint drops the image's command.
        Assert.Equal(
            $"{who} /srv/made/up two words\n{volume}", Run("--entrypoint", "/bin/show", image));
        var numeric = Import("config", [.. common, "USER 1234:77"]);
        Assert.StartsWith("1234\n77\n/home/app /srv", Run(numeric), StringComparison.Ordinal);
        Assert.Equal("4000\n0", Run("-u", "4000", "--entrypoint", "sh", image, "-c", "id -u; id -G"));
        Assert.Empty(lab.Ctl(Node, "volume", "ls", "-q").Expect().Lines);
        var nobody = lab.Ctl(Node, "run", "--rm", "-u", "nosuch", image);
        Assert.Equal(125, nobody.ExitCode);
        Assert.Contains("nosuch", nobody.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_task_starts_until_the_check_of_its_image_finds_it_well()
    {
        AddBusybox();
        Directory.CreateDirectory(Path.Combine(Root, "tmp"));
        var image = Import(
            "health", "CMD [\"busybox\", \"sleep\", \"600\"]", EndAtOnce,
            "HEALTHCHECK --interval=300ms --retries=2 --start-period=5m --start-interval=200ms "
            + "CMD echo >>/tmp/checks; busybox test -f /tmp/well || { echo not well at all; exit 1; }");
        Create("real", image, "--restart-condition", "none").Expect();
        Wait.Until(
            "three checks", ConvergeSeconds,
            () => Exec("busybox wc -l </tmp/checks") is [var n] && int.Parse(n, null) > 2,
            () => lab.ServiceText("n1", "real"));
        Assert.StartsWith("Starting", lab.Tasks("n1", "real").Single().CurrentState, StringComparison.Ordinal);
        Create("other", image, "--no-healthcheck").Expect();
        Wait.Until("it runs unchecked", ConvergeSeconds, () => lab.Running("n1", "other").Count == 1,
            () => lab.ServiceText("n1", "other"));
        Assert.StartsWith("Starting", lab.Tasks("n1", "real").Single().CurrentState, StringComparison.Ordinal);

        Exec("echo >/tmp/well");
        Wait.Until("it runs", ConvergeSeconds, () => lab.Running("n1", "real").Count == 1,
            () => lab.ServiceText("n1", "real"));
        Exec("busybox rm /tmp/well");
        Wait.Until(
            "it has failed", ConvergeSeconds,
            () => lab.Tasks("n1", "real").Single() is { } task
                && task.CurrentState.StartsWith("Failed", StringComparison.Ordinal)
                && task.Error.Contains("not well at all", StringComparison.Ordinal),
            () => lab.ServiceText("n1", "real"));
        Assert.Single(lab.Running("n1", "other"));
    }

    private void UnpackNginx()
    {
        CommandResult.Of(
            "sh",
            ["-c", "cd \"$0\" && apt-get -q -o APT::Sandbox::User=root -o Acquire::Retries=3 download nginx", folder])
            .Expect();
        CommandResult.Of("dpkg", ["-x", Directory.GetFiles(folder, "nginx_*.deb").Single(), Root]).Expect();
        var libraries = CommandResult.Of("ldd", [Path.Combine(Root, "usr/sbin/nginx")]).Expect().Lines
            .Select(line => line.Split(' ').FirstOrDefault(word => word.StartsWith('/'))).OfType<string>();
        CommandResult.Of("cp", ["-L", "--parents", .. libraries, Root]).Expect();
    }

    private void AddBusybox()
    {
        Directory.CreateDirectory(Path.Combine(Root, "bin"));
        File.Copy("/bin/busybox", Path.Combine(Root, "bin/busybox"));
        foreach (var name in new[] { "sh", "id" })
            File.CreateSymbolicLink(Path.Combine(Root, "bin", name), "busybox");
    }

    private void Write(string path, string text)
    {
        var file = Path.Combine(Root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }

    private string Import(string name, params string[] changes)
    {
        var tar = Path.Combine(folder, "root.tar");
        CommandResult.Of("tar", ["-C", Root, "--numeric-owner", "-cf", tar, "."]).Expect();
        var tag = $"{Repositories}/{name}:1";
        lab.Ctl(Node, ["image", "import", .. changes.SelectMany(c => new[] { "--change", c }), tar, tag]).Expect();
        return tag;
    }

    private CommandResult Create(string name, string image, params string[] more) =>
        lab.Create(name, ["--detach", "--constraint", OnNode, "--no-resolve-image", .. more, image]);

    private string Run(params string[] arguments) =>
        lab.Ctl(Node, ["run", "--rm", .. arguments]).Expect().Output.Trim();

    private string[] Exec(string line) => lab.Ctl("n1", "exec", "real.1", "sh", "-c", line).Lines;

    private string Task(string id, string format) =>
        lab.Ctl("n1", "inspect", "--type", "task", "-f", format, id).Output.Trim();
}
