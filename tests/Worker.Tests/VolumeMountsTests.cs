using Swarm.Protocol.V1;
using Swarm.Runtime.Images;
using Swarm.Worker.Core;

namespace Swarm.Worker.Tests;

/// <summary>Which volumes a container gets.</summary>
public sealed class VolumeMountsTests
{
    [Fact]
    public void What_the_spec_says_arrives_with_its_templates_filled_in()
    {
        var spec = new ContainerSpec();
        spec.Mounts.Add(new Mount
        {
            Type = Mount.Types.Type.Volume, Source = "data-{{.Task.Slot}}", Target = "/data/", ReadOnly = true,
            Volume = new VolumeOptions
            {
                NoCopy = true, Subpath = "a/b", Labels = { ["service"] = "{{.Service.Name}}" },
                DriverOptions = { ["type"] = "tmpfs" },
            },
        });
        var (use, readOnly) = Assert.Single(Of(spec));
        Assert.True(readOnly && use.NoCopy);
        Assert.Equal(("data-2", "/data", "a/b"), (use.Volume.Name, use.Target, use.Subpath));
        Assert.Equal(("web", "tmpfs"), (use.Volume.Labels["service"], use.Volume.Options["type"]));
    }

    [Fact]
    public void A_volume_of_the_image_is_one_of_the_containers_own_unless_something_is_mounted_there()
    {
        var spec = new ContainerSpec();
        spec.Mounts.Add(new Mount { Type = Mount.Types.Type.Tmpfs, Target = "/cache/" });
        spec.Mounts.Add(new Mount { Type = Mount.Types.Type.Volume, Source = "named", Target = "/data" });
        var uses = Of(spec, "/cache", "/data", "/var/lib/x");
        Assert.Equal([("named", "/data"), ("", "/var/lib/x")], uses.Select(u => (u.Use.Volume.Name, u.Use.Target)));
        Assert.All(uses, u => Assert.False(u.Use.NoCopy || u.ReadOnly));
    }

    private static List<(Runtime.Volumes.VolumeUse Use, bool ReadOnly)> Of(ContainerSpec spec, params string[] image)
    {
        var task = new AssignedTask { Id = new string('a', 25), ServiceName = "web", Slot = 2, Name = "web.2" };
        return VolumeMounts.Of(
            spec, new TaskTemplate(task, "n1", new NodeDescription { Hostname = "h" }),
            new ImageConfig { Volumes = image });
    }
}
