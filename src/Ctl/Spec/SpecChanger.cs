using Google.Protobuf.Collections;
using Swarm.Ctl.Cli;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Spec;

/// <summary>From a stored spec and a command line of `service update` to the next spec.</summary>
internal static class SpecChanger
{
    internal static ServiceSpec Change(ServiceSpec stored, FlagValues flags)
    {
        var spec = stored.Clone();
        var container = spec.Task.Container;
        SpecEdits.Text(flags, "image", v => container.Image = v);
        SpecEdits.Text(flags, "args", v => SpecEdits.Replace(container.Args, ShellWords.Split(v)));
        SpecEdits.Shared(spec, flags);
        if (flags.IsOn("force"))
        {
            spec.Task.ForceUpdate++;
        }

        Env(container, flags);
        Map(spec.Labels, "label", flags);
        Map(container.Labels, "container-label", flags);
        List(container.Groups, "group", flags);
        List(container.DnsServers, "dns", flags);
        List(container.DnsSearch, "dns-search", flags);
        List(container.DnsOptions, "dns-option", flags);
        List(container.Hosts, "host", flags, h => SpecBuilder.Host("--host-add", h));
        MountList(container, flags);
        Placement(spec, flags);
        PortList(spec, flags);
        SpecBuilder.Check(spec);
        return spec;
    }

    private static void Env(ContainerSpec container, FlagValues flags)
    {
        static string Name(string variable) => variable.Split('=', 2)[0];
        var add = flags.All("env-add").Select(v => SpecBuilder.Variable("--env-add", v)).OfType<string>().ToList();
        var gone = flags.All("env-rm").Concat(add.Select(Name)).ToHashSet(StringComparer.Ordinal);
        SpecEdits.Replace(container.Env, container.Env.Where(v => !gone.Contains(Name(v))).Concat(add));
    }

    private static void Map(MapField<string, string> labels, string flag, FlagValues flags)
    {
        foreach (var key in flags.All(flag + "-rm"))
        {
            labels.Remove(key);
        }

        SpecBuilder.Labels(labels, $"--{flag}-add", flags.All(flag + "-add"));
    }

    private static void List(
        RepeatedField<string> field, string flag, FlagValues flags, Func<string, string>? convert = null)
    {
        convert ??= static v => v;
        var gone = flags.All(flag + "-rm").Select(convert).ToHashSet(StringComparer.Ordinal);
        var add = flags.All(flag + "-add").Select(convert);
        SpecEdits.Replace(field, field.Where(v => !gone.Contains(v)).Concat(add).Distinct());
    }

    private static void MountList(ContainerSpec container, FlagValues flags)
    {
        var add = flags.All("mount-add").Select(m => Mounts.Parse("--mount-add", m)).ToList();
        var gone = flags.All("mount-rm").Concat(add.Select(m => m.Target)).ToHashSet(StringComparer.Ordinal);
        SpecEdits.Replace(container.Mounts, container.Mounts.Where(m => !gone.Contains(m.Target)).Concat(add));
    }

    private static void Placement(ServiceSpec spec, FlagValues flags)
    {
        string[] names = ["constraint", "placement-pref"];
        if (names.Any(n => flags.Has(n + "-add") || flags.Has(n + "-rm")))
        {
            spec.Task.Placement ??= new Placement();
            List(spec.Task.Placement.Constraints, "constraint", flags);
            List(spec.Task.Placement.Preferences, "placement-pref", flags);
        }
    }

    private static void PortList(ServiceSpec spec, FlagValues flags)
    {
        if (!flags.Has("publish-add") && !flags.Has("publish-rm"))
        {
            return;
        }

        spec.Endpoint ??= new EndpointSpec();
        var add = flags.All("publish-add").SelectMany(p => Ports.Parse("--publish-add", p)).ToList();
        var gone = flags.All("publish-rm").SelectMany(p => Ports.Parse("--publish-rm", p)).ToList();
        var kept = spec.Endpoint.Ports.Where(p =>
            !gone.Any(g => g.TargetPort == p.TargetPort && g.Protocol == p.Protocol)
            && !add.Any(a => a.TargetPort == p.TargetPort && a.Protocol == p.Protocol
                && a.PublishedPort == p.PublishedPort)).ToList();
        SpecEdits.Replace(spec.Endpoint.Ports, kept.Concat(add));
    }
}
