using System.Globalization;
using Swarm.Ctl.Verbs;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Format;

/// <summary>`node inspect --pretty`, in docker's layout.</summary>
internal static class NodePretty
{
    internal static void Print(TextWriter output, GetNodeResponse answer)
    {
        var node = answer.Node;
        output.WriteLine($"ID:\t\t\t{node.Id}");
        if (node.Spec.Labels.Count > 0)
        {
            output.WriteLine("Labels:");
            foreach (var (key, value) in node.Spec.Labels.OrderBy(l => l.Key, StringComparer.Ordinal))
            {
                output.WriteLine($" - {key}={value}");
            }
        }

        output.WriteLine($"Hostname:              \t{node.Description?.Hostname}");
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"Joined at:             "
                + $"\t{Ago.At(node.CreatedAtNs):yyyy-MM-dd HH:mm:ss}.{node.CreatedAtNs % 1_000_000_000:d9} +0000 utc"));
        output.WriteLine("Status:");
        output.WriteLine($" State:\t\t\t{node.Status.State}");
        if (node.Status.Message.Length > 0)
        {
            output.WriteLine($" Message:\t\t{node.Status.Message}");
        }

        output.WriteLine($" Availability:         \t{Words.Availability(node.Spec)}");
        output.WriteLine($" Address:\t\t{node.Status.Address}");
        if (node.ManagerStatus is { } manager)
        {
            output.WriteLine("Manager Status:");
            output.WriteLine($" Address:\t\t{manager.Address}");
            output.WriteLine($" Raft Status:\t\t{(manager.Reachable ? "Reachable" : "Unreachable")}");
            output.WriteLine($" Leader:\t\t{(manager.Leader ? "Yes" : "No")}");
        }

        output.WriteLine("Platform:");
        output.WriteLine($" Operating System:\t{node.Description?.Platform?.Os}");
        output.WriteLine($" Architecture:\t\t{node.Description?.Platform?.Architecture}");
        output.WriteLine("Resources:");
        output.WriteLine($" CPUs:\t\t\t{(node.Description?.Resources?.NanoCpus ?? 0) / 1_000_000_000}");
        output.WriteLine($" Memory:\t\t{Spans.Bytes(node.Description?.Resources?.MemoryBytes ?? 0)}");
        foreach (var generic in node.Description?.Resources?.Generic ?? [])
        {
            output.WriteLine($" {Swarm.Model.GenericResources.Text(generic)}");
        }

        output.WriteLine($"Engine Version:\t\t{node.Description?.EngineVersion}");
        output.WriteLine("TLS Info:");
        output.WriteLine(" TrustRoot:");
        output.WriteLine(answer.RootCertificatePem);
    }
}
