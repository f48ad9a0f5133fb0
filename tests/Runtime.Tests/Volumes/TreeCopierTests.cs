using System.Diagnostics;
using Swarm.Runtime.Images;
using Swarm.Runtime.Tests.Images;
using Swarm.Runtime.Volumes;

namespace Swarm.Runtime.Tests.Volumes;

/// <summary>A copy is what it was made of.</summary>
public sealed class TreeCopierTests
{
    private const string Make = """
        set -e; cd "$1"
        mkdir -p a/b/c empty; echo hello > a/b/file; printf 'x%.0s' $(seq 300000) > a/big
        ln a/b/file a/b/c/again; ln a/b/file top; ln -s ../outside a/link; ln -s /etc/passwd a/abs; mkfifo a/pipe
        chown 7:8 a/b/file a/link empty -h; chmod 4751 a/big; chmod 1777 empty; chmod 0500 a/b
        printf 'y' > "$(printf 'a/\377name')"
        touch -h -d 2001-02-03T04:05:06.789Z a/b/file a/link empty a/b/c a/b a .
        """;

    /// <summary>Everything but inode numbers, with hard links told by their number.</summary>
    private const string Show = """
        cd "$1"; find . -printf '%p %y %m %U %G %n %s %T@ %l\n' | grep -av ' d ' | sort
        find . -type d -printf '%p %m %U %G %T@\n' | sort
        find . -type f -exec sha256sum {} + | sort
        """;

    [Fact]
    public void Names_types_modes_owners_links_times_and_contents_are_equal()
    {
        using var temp = new TempDirectory();
        var (from, to) = (temp.Sub("from"), temp.Sub("to"));
        Shell(Make, from);
        var capability = Convert.FromHexString("0100000200040000000000000000000000000000");
        using (var file = File.OpenHandle(from + "/a/big", FileMode.Open, FileAccess.ReadWrite))
        {
            Assert.Equal(0, FileNative.SetAttribute(file, "security.capability\0"u8.ToArray(), capability));
            Assert.Equal(0, FileNative.SetAttribute(file, "user.note\0"u8.ToArray(), "n"u8));
        }

        using (var source = ImageNative.OpenDirectory(from))
        using (var target = ImageNative.OpenDirectory(to))
        {
            TreeCopier.Copy(source, target);
        }

        Assert.Equal(Shell(Show, from), Shell(Show, to));
        Assert.Equal(TestAttributes.Of(from + "/a/big"), TestAttributes.Of(to + "/a/big"));
        Assert.Contains("security.capability", TestAttributes.Of(to + "/a/big"), StringComparison.Ordinal);
        Assert.Equal(300_000u + 6 + 1 + Links(to), VolumeSize.Of(to));
    }

    [Fact]
    public void Devices_and_sockets_stay_behind()
    {
        using var temp = new TempDirectory();
        var (from, to) = (temp.Sub("from"), temp.Sub("to"));
        Shell("mknod \"$1\"/null c 1 3; touch \"$1\"/file", from);
        using var source = ImageNative.OpenDirectory(from);
        using var target = ImageNative.OpenDirectory(to);
        TreeCopier.Copy(source, target);
        Assert.Equal([to + "/file"], Directory.EnumerateFileSystemEntries(to));
    }

    private static ulong Links(string tree) => (ulong)Shell("find \"$1\" -type l -printf '%l'", tree).Length;

    private static string Shell(string script, string argument)
    {
        using var shell = Process.Start(new ProcessStartInfo("/bin/bash", ["-c", script, "sh", argument])
        {
            RedirectStandardOutput = true,
        })!;
        var output = shell.StandardOutput.ReadToEnd();
        shell.WaitForExit();
        Assert.Equal(0, shell.ExitCode);
        return output;
    }
}
