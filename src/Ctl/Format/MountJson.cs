using System.Text.Json.Nodes;
using Swarm.Ctl.Verbs;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Format;

/// <summary>A mount as docker's API has it.</summary>
internal static class MountJson
{
    internal static JsonObject Of(Mount mount)
    {
        var json = new JsonObject { ["Type"] = Words.MountType(mount) };
        if (mount.Source.Length > 0)
        {
            json["Source"] = mount.Source;
        }

        json["Target"] = mount.Target;
        if (mount.ReadOnly)
        {
            json["ReadOnly"] = true;
        }

        if (mount.BindPropagation.Length > 0)
        {
            json["BindOptions"] = new JsonObject { ["Propagation"] = mount.BindPropagation };
        }

        if (mount.TmpfsSizeBytes > 0 || mount.TmpfsMode > 0)
        {
            json["TmpfsOptions"] = new JsonObject { ["SizeBytes"] = mount.TmpfsSizeBytes, ["Mode"] = mount.TmpfsMode };
        }

        if (mount.Volume is { } volume)
        {
            json["VolumeOptions"] = VolumeJson.Options(volume);
        }

        return json;
    }
}
