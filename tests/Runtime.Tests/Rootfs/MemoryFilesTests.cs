using System.Text;
using Swarm.Runtime.Containers;
using Swarm.Runtime.Rootfs;
using Swarm.Runtime.Tests.Containers;

namespace Swarm.Runtime.Tests.Rootfs;

/// <summary>Files that are never on a disk, as a container sees them.</summary>
public sealed class MemoryFilesTests(ContainerFixture fixture) : IClassFixture<ContainerFixture>
{
    private const UnixFileMode Mode0440 = UnixFileMode.UserRead | UnixFileMode.GroupRead;

    [Fact]
    public async Task A_container_has_them_with_owner_and_mode_and_cannot_write()
    {
        var folder = fixture.Root + "/p1";
        MemoryFiles.Mount(folder, [new MemoryFile("0", "word"u8.ToArray(), 7, 8, Mode0440)]);
        Assert.Contains(folder + " tmpfs ro", await File.ReadAllTextAsync("/proc/mounts"), StringComparison.Ordinal);
        var (_, output) = await fixture.RunAsync(Mounted(
            folder, "/run/secrets/s",
            "ls -ln /run/secrets/s; cat /run/secrets/s; echo x > /run/secrets/s; mount | grep run/secrets"));
        Assert.Matches("-r--r-----.* 7 +8 +4 ", output);
        Assert.Contains("word", output, StringComparison.Ordinal);
        Assert.Contains("Read-only file system", output, StringComparison.Ordinal);
        Assert.Matches("run/secrets/s type tmpfs .ro,nosuid,nodev,noexec", output);
        MemoryFiles.Unmount(folder);
        Assert.False(Directory.Exists(folder));
        MemoryFiles.Unmount(folder);
    }

    [Fact]
    public async Task A_running_container_keeps_them_when_the_daemon_does_not()
    {
        var folder = fixture.Root + "/p2";
        MemoryFiles.Mount(folder, [new MemoryFile("0", "still"u8.ToArray(), 0, 0, Mode0440)]);
        var spec = Mounted(folder, "/run/secrets/s", "sleep 60");
        await fixture.StartAsync(spec);
        await fixture.ReopenAsync(() =>
        {
            MemoryFiles.Unmount(folder);
            return Task.CompletedTask;
        });
        var seen = await fixture.Runtime.ExecAsync(
            spec.Id, new ContainerExec(["/bin/cat", "/run/secrets/s"], TimeSpan.FromSeconds(10), 100),
            ContainerFixture.Deadline);
        Assert.Equal("still", seen.Output);
    }

    [Fact]
    public async Task A_link_in_the_image_leads_nowhere_outside()
    {
        var folder = fixture.Root + "/p3";
        var outside = fixture.Root + "/outside";
        Directory.CreateDirectory(outside);
        MemoryFiles.Mount(folder, [new MemoryFile("0", "word"u8.ToArray(), 0, 0, Mode0440)]);
        var spec = Mounted(folder, "/run/secrets/s", "ls /run/secrets/ && cat /run/secrets/s");
        Directory.CreateDirectory(spec.RootfsPath + "/run");
        File.CreateSymbolicLink(spec.RootfsPath + "/run/secrets", outside);
        try
        {
            await fixture.RunAsync(spec);
        }
        catch (ContainerException)
        {
            // Refusing such an image is as good as following the link inside of it.
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(outside));
        MemoryFiles.Unmount(folder);
    }

    [Fact]
    public void Once_more_is_fine_and_replaces_what_was_there()
    {
        var folder = fixture.Root + "/p4";
        foreach (var text in new[] { "one", "two" })
        {
            MemoryFiles.Mount(
                folder,
                [.. Enumerable.Range(0, 100).Select(i => new MemoryFile(
                    $"{i}", Encoding.UTF8.GetBytes(text + new string('x', i * 100)), 0, 0, Mode0440))]);
        }

        Assert.StartsWith("two", File.ReadAllText(folder + "/99"), StringComparison.Ordinal);
        Assert.Equal(100, Directory.EnumerateFiles(folder).Count());
        MemoryFiles.Unmount(folder);
    }

    private ContainerSpec Mounted(string folder, string target, string script) => fixture.Shell(script) with
    {
        Mounts =
        [
            new ContainerMount
            {
                Kind = ContainerMountKind.Bind, Source = folder + "/0", Target = target, ReadOnly = true,
                Options = ["nosuid", "nodev", "noexec"],
            },
        ],
    };
}
