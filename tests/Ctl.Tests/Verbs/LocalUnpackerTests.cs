using System.Formats.Tar;
using System.Text;
using Swarm.Ctl.Verbs;

namespace Swarm.Ctl.Tests.Verbs;

/// <summary>What a task sends may be hostile: it stays below the target, whatever it says.</summary>
public sealed class LocalUnpackerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("swarm-unpack-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_tree_gets_the_name_that_was_chosen()
    {
        var target = _folder + "/chosen";
        await UnpackAsync("top", target, Folder("top/"), Entry("top/f", "text", 0x9E8), Link("top/l", "f"));
        Assert.Equal("text", await File.ReadAllTextAsync(target + "/f"));
        Assert.Equal("f", File.ResolveLinkTarget(target + "/l", false)!.Name);
        // Without setuid: the file belongs to whoever copied it now.
        Assert.Equal((UnixFileMode)0x1E8, File.GetUnixFileMode(target + "/f"));
        await UnpackAsync("f", target + "/f", Entry("f", "again"));
        Assert.Equal("again", await File.ReadAllTextAsync(target + "/f"));
    }

    [Theory]
    [InlineData("/etc/x")]
    [InlineData("top/../../x")]
    [InlineData("../x")]
    [InlineData("other/x")]
    [InlineData("top/./x")]
    public Task Names_that_lead_elsewhere_are_refused(string name) =>
        Assert.ThrowsAsync<InvalidDataException>(
            () => UnpackAsync("top", _folder + "/t", Folder("top"), Entry(name, "x")));

    [Fact]
    public async Task No_link_is_followed_or_written_through()
    {
        var (outside, target) = (_folder + "/outside", _folder + "/t");
        Directory.CreateDirectory(outside);
        await File.WriteAllTextAsync(outside + "/f", "mine");
        await Assert.ThrowsAsync<InvalidDataException>(() => UnpackAsync(
            "top", target, Folder("top"), Link("top/d", outside), Entry("top/d/g", "x")));
        await UnpackAsync("top", target, Folder("top"), Link("top/l", outside + "/f"), Entry("top/l", "new"));
        Assert.Equal("mine", await File.ReadAllTextAsync(outside + "/f"));
        Assert.Equal("new", await File.ReadAllTextAsync(target + "/l"));
        Assert.Equal([outside + "/f"], Directory.GetFileSystemEntries(outside));
        await Assert.ThrowsAsync<InvalidDataException>(() => UnpackAsync("top", target, Entry("top", "file")));
    }

    [Fact]
    public async Task Devices_are_left_out()
    {
        var device = new PaxTarEntry(TarEntryType.CharacterDevice, "top/d") { DeviceMajor = 1, DeviceMinor = 3 };
        var pipe = new PaxTarEntry(TarEntryType.Fifo, "top/p");
        Assert.Equal(2UL, await UnpackAsync("top", _folder + "/t", Folder("top"), device, pipe));
        Assert.Empty(Directory.GetFileSystemEntries(_folder + "/t"));
    }

    private static async Task<ulong> UnpackAsync(string top, string target, params TarEntry[] entries)
    {
        var archive = new MemoryStream();
        await using (var writer = new TarWriter(archive, leaveOpen: true))
        {
            foreach (var entry in entries)
            {
                await writer.WriteEntryAsync(entry);
            }
        }

        archive.Position = 0;
        return await new LocalUnpacker(top, target, keepOwner: false).UnpackAsync(archive, default);
    }

    private static PaxTarEntry Folder(string name) => new(TarEntryType.Directory, name) { Mode = (UnixFileMode)0x1ED };

    private static PaxTarEntry Link(string name, string to) => new(TarEntryType.SymbolicLink, name) { LinkName = to };

    private static PaxTarEntry Entry(string name, string text, int mode = 0x1A4) => new(TarEntryType.RegularFile, name)
    {
        DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)), Mode = (UnixFileMode)mode,
    };
}
