using Swarm.Ctl.Cli;
using Swarm.Ctl.Format;
using Swarm.Ctl.Spec;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Tests.Spec;

/// <summary>--mount of volumes.</summary>
public sealed class VolumeMountTests
{
    [Fact]
    public void A_mount_is_a_volume_unless_it_says_otherwise()
    {
        var mount = Mounts.Parse(
            "--mount",
            "source=data,target=/d,volume-nocopy,volume-subpath=a,volume-label=k=v,volume-driver=local,"
            + "volume-opt=type=tmpfs,volume-opt=device=tmpfs");
        Assert.Equal((Mount.Types.Type.Volume, "data", "/d"), (mount.Type, mount.Source, mount.Target));
        Assert.Equal(
            """{"NoCopy":true,"Labels":{"k":"v"},"DriverConfig":{"Name":"local","""
            + "\"Options\":{\"device\":\"tmpfs\",\"type\":\"tmpfs\"}},\"Subpath\":\"a\"}",
            VolumeJson.Options(mount.Volume).ToJsonString());
        Assert.Empty(Mounts.Parse("--mount", "target=/d").Source);
    }

    [Theory]
    [InlineData("type=bind,source=/a,target=/x,volume-nocopy")]
    [InlineData("type=tmpfs,target=/x,volume-label=a=b")]
    [InlineData("source=a,target=/x,bind-propagation=shared")]
    [InlineData("source=a,target=/x,volume-nocopy=maybe")]
    [InlineData("source=a,target=/x,volume-label==b")]
    [InlineData("source=a")]
    public void Options_of_another_type_are_refused(string text) =>
        Assert.Throws<UsageException>(() => Mounts.Parse("--mount", text));
}
