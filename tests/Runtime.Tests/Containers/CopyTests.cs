using System.Formats.Tar;
using System.Text;
using Swarm.Runtime.Containers;

namespace Swarm.Runtime.Tests.Containers;

/// <summary>Copies out of and into a running container, which may be hostile (attacks.md ESC-6).</summary>
public sealed class CopyTests(ContainerFixture fixture) : IClassFixture<ContainerFixture>
{
    [Fact]
    public async Task A_tree_comes_out_as_it_is_and_goes_in_as_roots()
    {
        var spec = await RunningAsync("mkdir -p /data/sub; echo hi > /data/sub/f; ln -s /etc/passwd /data/l");
        File.SetUnixFileMode(spec.RootfsPath + "/data/sub/f", (UnixFileMode)0x9ED); // 04755
        var entries = await ReadAsync(spec, "/data");
        Assert.Equal(["data/", "data/l", "data/sub/", "data/sub/f"], entries.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(("hi\n", "/etc/passwd"), (Text(entries["data/sub/f"]), entries["data/l"].LinkName));
        Assert.Equal((UnixFileMode)0x9ED, entries["data/sub/f"].Mode);
        Assert.Equal(["./", "./l", "./sub/", "./sub/f"],
            (await ReadAsync(spec, "/data/.")).Keys.Order(StringComparer.Ordinal));

        await WriteAsync(spec, "/tmp", keepOwner: false, Entry("in/x", "new", 7, 0x9ED), Link("in/l", "x"));
        Assert.Equal("new", await File.ReadAllTextAsync(spec.RootfsPath + "/tmp/in/x"));
        Assert.Equal((UnixFileMode)0x1ED, File.GetUnixFileMode(spec.RootfsPath + "/tmp/in/x"));
        Assert.Equal("0\n", await ShAsync(spec, "ls -ln /tmp/in/x | { read a b c d; echo $c; }"));
        await WriteAsync(spec, "/tmp", keepOwner: true, Entry("in/x", "own", 7, 0x1A4));
        Assert.Equal("7\n", await ShAsync(spec, "ls -ln /tmp/in/x | { read a b c d; echo $c; }"));
    }

    [Fact]
    public async Task No_link_leads_out_of_the_container()
    {
        var secret = fixture.Root + "/host-secret";
        await File.WriteAllTextAsync(secret, "SECRET");
        var spec = await RunningAsync(
            $"ln -s {secret} /tmp/f; ln -s {fixture.Root} /tmp/d; ln -s ../../../../.. /tmp/up");
        foreach (var path in new[] { "/tmp/f", "/tmp/d", "/tmp/d/host-secret", $"/tmp/up{secret}",
            "/proc/1/root" + secret, "/proc/self/root" + secret })
        {
            await Assert.ThrowsAsync<ContainerException>(() => ReadAsync(spec, path, follow: true));
        }

        await Assert.ThrowsAsync<ContainerException>(() => WriteAsync(spec, "/tmp/d", false, Entry("in", "x")));
        await Assert.ThrowsAsync<ContainerException>(
            () => WriteAsync(spec, "/tmp", false, Link("l", fixture.Root), Entry("l/in", "x")));
        await WriteAsync(spec, "/tmp", false, Entry("f", "replaced"));
        Assert.Equal("SECRET", await File.ReadAllTextAsync(secret));
        Assert.False(File.Exists(fixture.Root + "/in"));
        foreach (var name in new[] { "../x", "/etc/x", "a/../../x" })
        {
            var refused = await Assert.ThrowsAsync<ContainerException>(
                () => WriteAsync(spec, "/tmp", false, Entry(name, "x")));
            Assert.StartsWith("archive entry", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_link_that_changes_all_the_time_never_shows_the_host()
    {
        var secret = fixture.Root + "/race";
        Directory.CreateDirectory(secret);
        await File.WriteAllTextAsync(secret + "/f", "SECRET");
        var spec = await RunningAsync(
            $"mkdir /data /data/a; echo inside > /data/a/f; ln -s {secret} /data/b; touch /data/ready; "
            + "while :; do mv /data/a /data/c; mv -T /data/b /data/a; mv -T /data/a /data/b; mv /data/c /data/a; done");
        await ContainerFixture.UntilAsync(() => File.Exists(spec.RootfsPath + "/data/ready"));
        for (var i = 0; i < 300; i++)
        {
            var archive = new MemoryStream();
            try
            {
                await fixture.Runtime.ReadPathAsync(
                    spec.Id, i % 2 == 0 ? "/data/a/f" : "/data", true, archive, ContainerFixture.Deadline);
                await WriteAsync(spec, "/data/a", false, Entry("g", "x"));
            }
            catch (ContainerException)
            {
                // Not there at that moment.
            }

            Assert.DoesNotContain("SECRET", Encoding.Latin1.GetString(archive.ToArray()), StringComparison.Ordinal);
        }

        Assert.Equal([secret + "/f"], Directory.GetFileSystemEntries(secret));
    }

    [Fact]
    public async Task Devices_pipes_and_the_kernels_files_are_left_out_and_never_opened()
    {
        var spec = await RunningAsync("mkdir /data; busybox true; echo x > /data/f");
        Assert.Equal(0, await ExitAsync("mkfifo", spec.RootfsPath + "/data/p"));
        Assert.Equal(0, await ExitAsync("mknod", spec.RootfsPath + "/data/d", "c", "1", "3"));
        var archive = new MemoryStream();
        Assert.Equal(2, await fixture.Runtime.ReadPathAsync(
            spec.Id, "/data", false, archive, ContainerFixture.Deadline));
        Assert.Contains("kernel", (await Assert.ThrowsAsync<ContainerException>(
            () => ReadAsync(spec, "/proc/1/environ"))).Message, StringComparison.Ordinal);
        Assert.Contains("kernel", (await Assert.ThrowsAsync<ContainerException>(
            () => WriteAsync(spec, "/proc/sys/kernel", false, Entry("x", "y")))).Message, StringComparison.Ordinal);
        var root = new MemoryStream();
        Assert.True(await fixture.Runtime.ReadPathAsync(spec.Id, "/", false, root, ContainerFixture.Deadline) > 2);
    }

    [Fact]
    public async Task A_directory_is_not_replaced_by_something_else()
    {
        var spec = await RunningAsync("mkdir -p /data/x; echo 1 > /data/f");
        var first = await Assert.ThrowsAsync<ContainerException>(
            () => WriteAsync(spec, "/data", false, Entry("x", "y")));
        Assert.Contains("cannot overwrite directory", first.Message, StringComparison.Ordinal);
        var second = await Assert.ThrowsAsync<ContainerException>(
            () => WriteAsync(spec, "/data", false, Entry("f/y", "y")));
        Assert.Contains("not a directory", second.Message, StringComparison.Ordinal);
        Assert.Contains("no such directory", (await Assert.ThrowsAsync<ContainerException>(
            () => WriteAsync(spec, "/none", false, Entry("f", "y")))).Message, StringComparison.Ordinal);
        Assert.Null(await fixture.Runtime.StatPathAsync(spec.Id, "/none", true, ContainerFixture.Deadline));
        Assert.Equal(new ContainerPathFacts(false, "", 2), await fixture.Runtime.StatPathAsync(
            spec.Id, "/data/f", true, ContainerFixture.Deadline));
        Assert.True((await fixture.Runtime.StatPathAsync(
            spec.Id, "data", true, ContainerFixture.Deadline))!.IsDirectory);
    }

    private async Task<ContainerSpec> RunningAsync(string script)
    {
        var spec = fixture.Shell(script + "; touch /up; sleep 600");
        await fixture.StartAsync(spec);
        if (!script.Contains("while", StringComparison.Ordinal))
            await ContainerFixture.UntilAsync(() => File.Exists(spec.RootfsPath + "/up"));
        return spec;
    }

    private async Task<Dictionary<string, TarEntry>> ReadAsync(ContainerSpec spec, string path, bool follow = false)
    {
        var archive = new MemoryStream();
        await fixture.Runtime.ReadPathAsync(spec.Id, path, follow, archive, ContainerFixture.Deadline);
        archive.Position = 0;
        var entries = new Dictionary<string, TarEntry>();
        await using var reader = new TarReader(archive);
        while (await reader.GetNextEntryAsync(copyData: true) is { } entry)
            entries[entry.Name] = entry;
        return entries;
    }

    private async Task WriteAsync(ContainerSpec spec, string directory, bool keepOwner, params TarEntry[] entries)
    {
        var archive = new MemoryStream();
        await using (var writer = new TarWriter(archive, leaveOpen: true))
        {
            foreach (var entry in entries)
                await writer.WriteEntryAsync(entry);
        }

        archive.Position = 0;
        await fixture.Runtime.WritePathAsync(spec.Id, directory, keepOwner, archive, ContainerFixture.Deadline);
    }

    private static PaxTarEntry Entry(string name, string text, int uid = 0, int mode = 0x1A4) =>
        new(TarEntryType.RegularFile, name)
        {
            DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)), Uid = uid, Mode = (UnixFileMode)mode,
        };

    private static PaxTarEntry Link(string name, string target) =>
        new(TarEntryType.SymbolicLink, name) { LinkName = target };

    private static string Text(TarEntry entry) => new StreamReader(entry.DataStream!).ReadToEnd();

    private async Task<string> ShAsync(ContainerSpec spec, string script) => (await fixture.Runtime.ExecAsync(
        spec.Id, new ContainerExec(["/bin/sh", "-c", script], TimeSpan.FromSeconds(20), 4096),
        ContainerFixture.Deadline)).Output;

    private static async Task<int> ExitAsync(string program, params string[] args)
    {
        using var process = System.Diagnostics.Process.Start(program, args);
        await process.WaitForExitAsync(ContainerFixture.Deadline);
        return process.ExitCode;
    }
}
