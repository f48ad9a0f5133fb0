using Swarm.Protocol.V1;
using Swarm.Runtime.Containers;
using Swarm.Runtime.Images;
using Swarm.Runtime.Volumes;
using Swarm.Worker.Core;
using ContainerSpec = Swarm.Runtime.Containers.ContainerSpec;

namespace Swarm.Worker;

/// <summary>The volumes of a container: those that its spec names, and one for each VOLUME of its image.</summary>
internal static class VolumeMounts
{
    /// <summary>Makes, mounts and fills them, aside: all of it blocks. The container's spec with them.</summary>
    /// <exception cref="VolumeException">One of them cannot be had.</exception>
    internal static async Task<ContainerSpec> AttachAsync(
        VolumeStore store, AssignedTask task, TaskHost host, LocalImage image, ContainerSpec spec, CancellationToken ct)
    {
        var wanted = Of(
            task.Spec.Container, new TaskTemplate(task, host.NodeId, host.Description), image.Config);
        var paths = await Task.Run(
            () => store.Attach(task.Id, [.. wanted.Select(w => w.Use)], spec.RootfsPath), ct).ConfigureAwait(false);
        var mounts = wanted.Zip(paths, static (w, path) => new ContainerMount
        {
            Kind = ContainerMountKind.Bind, Source = path, Target = w.Use.Target, ReadOnly = w.ReadOnly,
        });
        return spec with
        {
            Mounts = [.. await HoldAsync(store.Host, spec, ct).ConfigureAwait(false), .. mounts],
            About = spec.About with { ImageId = image.Digest.ToString(), Volumes = store.PlacesOf(task.Id) },
        };
    }

    /// <summary>The mounts with the directories of the host in places where nobody can exchange them.</summary>
    private static async Task<IEnumerable<ContainerMount>> HoldAsync(
        HostBinds host, ContainerSpec spec, CancellationToken ct)
    {
        var wanted = spec.Mounts.Where(static m => m.FromHost).Select(static m => (m.Source, !m.NonRecursive)).ToList();
        if (wanted.Count == 0)
        {
            return spec.Mounts;
        }

        var places = new Queue<string>(
            await Task.Run(() => host.Attach(spec.Id, wanted), ct).ConfigureAwait(false));
        return spec.Mounts.Select(m => m.FromHost ? m with { HeldAt = places.Dequeue() } : m);
    }

    internal static List<(VolumeUse Use, bool ReadOnly)> Of(
        Protocol.V1.ContainerSpec spec, TaskTemplate template, ImageConfig image)
    {
        var uses = spec.Mounts.Where(m => m.Type == Mount.Types.Type.Volume)
            .Select(m => (Use(m, template), m.ReadOnly)).ToList();
        var taken = spec.Mounts.Select(m => ContainerSpecs.Clean(template.Expand(m.Target)))
            .ToHashSet(StringComparer.Ordinal);
        uses.AddRange(image.Volumes.Where(v => !taken.Contains(v))
            .Select(v => (new VolumeUse { Volume = new VolumeSpec(), Target = v }, false)));
        return uses;
    }

    private static VolumeUse Use(Mount mount, TaskTemplate template)
    {
        var options = mount.Volume ?? new VolumeOptions();
        return new VolumeUse
        {
            Volume = new VolumeSpec
            {
                Name = template.Expand(mount.Source),
                Driver = options.Driver,
                Options = Expanded(options.DriverOptions, template),
                Labels = Expanded(options.Labels, template),
            },
            Target = ContainerSpecs.Clean(template.Expand(mount.Target)),
            NoCopy = options.NoCopy,
            Subpath = options.Subpath,
        };
    }

    private static Dictionary<string, string> Expanded(
        IEnumerable<KeyValuePair<string, string>> map, TaskTemplate template) =>
        map.ToDictionary(p => p.Key, p => template.Expand(p.Value), StringComparer.Ordinal);
}
