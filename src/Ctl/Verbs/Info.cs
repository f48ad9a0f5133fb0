using System.CommandLine;
using Swarm.Ctl.Cli;
using Swarm.Ctl.Format;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`info`</summary>
internal static class Info
{
    internal static Command Build()
    {
        var format = VerbParts.Format();
        var command = new Command("info", "Display what this node is and how the swarm is") { format };
        return command.Does(async (ctl, parsed, ct) =>
        {
            var info = await ctl.LocalAsync<GetInfoRequest, GetInfoResponse>("GetInfo", new GetInfoRequest(), ct)
                .ConfigureAwait(false);
            if (parsed.GetValue(format) is { Length: > 0 } template)
            {
                Documents.Print(ctl, [DockerJson.Info(info)], template);
                return ExitCode.Done;
            }

            Print(ctl.Out, info);
            foreach (var warning in info.Warnings)
            {
                ctl.Error.WriteLine("WARNING: " + warning);
            }

            return ExitCode.Done;
        });
    }

    private static void Print(TextWriter output, GetInfoResponse info)
    {
        output.WriteLine($"Server Version: {info.Version}");
        output.WriteLine($"Name: {info.Description?.Hostname}");
        output.WriteLine($"Containers: {info.ContainersRunning + info.ContainersStopped}");
        output.WriteLine($" Running: {info.ContainersRunning}");
        output.WriteLine($" Stopped: {info.ContainersStopped}");
        output.WriteLine($"Images: {info.Images}");
        output.WriteLine($"Runtime: {info.Description?.Runtime}");
        output.WriteLine($"Cgroup Mode: {info.CgroupMode}");
        output.WriteLine($"Kernel Version: {info.KernelVersion}");
        output.WriteLine($"Operating System: {info.OperatingSystem}");
        output.WriteLine($"Architecture: {info.Description?.Platform?.Architecture}");
        output.WriteLine($"CPUs: {(info.Description?.Resources?.NanoCpus ?? 0) / 1_000_000_000}");
        output.WriteLine($"Total Memory: {Spans.Bytes(info.Description?.Resources?.MemoryBytes ?? 0)}");
        output.WriteLine($"Data Dir: {info.DataDir}");
        output.WriteLine($"Swarm: {info.SwarmState}");
        if (info.SwarmError.Length > 0)
        {
            output.WriteLine($" Error: {info.SwarmError}");
        }

        if (info.SwarmState == "locked")
        {
            output.WriteLine($" NodeID: {info.NodeId}");
            output.WriteLine($" ClusterID: {info.ClusterId}");
        }
        else if (info.NodeId.Length > 0)
        {
            Swarm(output, info);
        }

        if (info.InsecureRegistries.Count > 0)
        {
            output.WriteLine("Insecure Registries:");
            foreach (var registry in info.InsecureRegistries)
            {
                output.WriteLine($" {registry}");
            }
        }
    }

    private static void Swarm(TextWriter output, GetInfoResponse info)
    {
        output.WriteLine($" NodeID: {info.NodeId}");
        output.WriteLine($" Is Manager: {(info.Role == NodeRole.Manager ? "true" : "false")}");
        output.WriteLine($" ClusterID: {info.ClusterId}");
        if (info.Epoch > 0)
        {
            output.WriteLine($" Epoch: {info.Epoch}");
        }

        if (info.Observing)
        {
            output.WriteLine(" Observing: true (restored; 'swarmctl swarm resume' ends it)");
        }

        output.WriteLine($" Node Address: {info.NodeAddress}");
        if (info.Role == NodeRole.Manager)
        {
            output.WriteLine($" Autolock Managers: {(info.AutoLock ? "true" : "false")}");
            output.WriteLine($" Managers: {info.Managers}");
            output.WriteLine($" Nodes: {info.Nodes}");
        }

        output.WriteLine(" Manager Addresses:");
        foreach (var address in info.ManagerAddresses)
        {
            output.WriteLine($"  {address}");
        }

        if (info.Raft is { } raft)
        {
            RaftText.Print(output, raft);
        }
    }
}
