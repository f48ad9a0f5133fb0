using Swarm.Runtime.Images;
using Swarm.Runtime.Rootfs;
using Swarm.Runtime.Tests.Images;

namespace Swarm.Runtime.Tests.Rootfs;

public sealed class RootfsUsersTests : IDisposable
{
    private readonly TempDirectory _temp = new();

    public RootfsUsersTests()
    {
        _temp.Sub("etc");
        File.WriteAllText(_temp.At("etc", "passwd"),
            "root:x:0:0:root:/root:/bin/sh\nweb:x:33:33::/:\n1000:x:7:8::/:\n"
            + "huge:x:4294967296:0::/:\nneg:x:-1:0::/:\n# c:x:1:1\nbad\n");
        File.WriteAllText(_temp.At("etc", "group"),
            "root:x:0:\nweb:x:33:\nlogs:x:50:web,other\ndocker:x:51:web\nbig:x:2147483648:\n");
    }

    public void Dispose() => _temp.Dispose();

    private RootfsUser Resolve(string user, params string[] groups) => RootfsUsers.Resolve(_temp.Path, user, groups);

    [Theory]
    [InlineData("", 0, 0, "")]
    [InlineData("root", 0, 0, "")]
    [InlineData("web", 33, 33, "50,51")]
    [InlineData("33", 33, 33, "50,51")]
    [InlineData("web:logs", 33, 50, "")]
    [InlineData("web:12", 33, 12, "")]
    [InlineData("65534", 65534, 0, "")]
    [InlineData("65534:65534", 65534, 65534, "")]
    [InlineData("1000", 7, 8, "")]
    [InlineData("2147483647", 2147483647, 0, "")]
    public void Finds(string user, long uid, long gid, string groups)
    {
        var found = Resolve(user);
        Assert.Equal((uid, gid, groups), (found.Uid, found.Gid, string.Join(',', found.AdditionalGids)));
    }

    [Theory]
    [InlineData("4294967296")]
    [InlineData("2147483648")]
    [InlineData("99999999999999999999999")]
    [InlineData("-1")]
    [InlineData("+0")]
    [InlineData("0:0x")]
    [InlineData("0:-1")]
    [InlineData("0:2147483648")]
    [InlineData("nosuch")]
    [InlineData("huge")]
    [InlineData("neg")]
    [InlineData("web:big")]
    [InlineData("web:")]
    [InlineData(":web")]
    [InlineData("0:0:0")]
    [InlineData(" 0")]
    public void Img9_refuses(string user) =>
        Assert.Equal(ImageErrorKind.Invalid, Assert.Throws<ImageException>(() => Resolve(user)).Kind);

    [Fact]
    public void Further_groups_by_name_or_id() =>
        Assert.Equal([50, 51, 99], Resolve("web", "logs", "99").AdditionalGids);

    [Fact]
    public void Says_which_user_is_missing() => Assert.Equal(
        "unable to find user bob: no matching entries in passwd file of the image; name one that it has, or give its "
            + "number",
        Assert.Throws<ImageException>(() => Resolve("bob")).Message);

    [Fact]
    public void Links_stay_inside_the_root_and_fifos_do_not_hang()
    {
        // Outside there is a passwd with another bob; inside the link means the image's own file.
        File.Delete(_temp.At("etc", "passwd"));
        File.CreateSymbolicLink(_temp.At("etc", "passwd"), "../../../../../../etc/shadow");
        Assert.Throws<ImageException>(() => Resolve("root:nosuch"));
        Assert.Throws<ImageException>(() => Resolve("daemon"));
        File.WriteAllText(_temp.At("etc", "shadow"), "daemon:x:1:2:::\n");
        Assert.Equal(2, Resolve("daemon").Gid);
        File.Delete(_temp.At("etc", "passwd"));
        TestTools.Run("mkfifo", _temp.At("etc", "passwd"));
        Assert.Equal(5, Resolve("5").Uid);
    }

    [Fact]
    public void Without_files_ids_still_work()
    {
        Directory.Delete(_temp.At("etc"), true);
        Assert.Equal((3L, 4L), (Resolve("3:4").Uid, Resolve("3:4").Gid));
        Assert.Equal(0, Resolve("").Uid);
    }
}
