using System.Globalization;
using System.Text.Json.Nodes;
using Swarm.Ctl.Cli;
using Swarm.Ctl.Verbs;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Format;

/// <summary>A container as a row of docker's `container ls`.</summary>
internal static class ContainerRows
{
    private const int CommandChars = 20;

    internal static readonly Column[] Columns =
    [
        new("CONTAINER ID", "ID"), new("IMAGE", "Image"), new("COMMAND", "Command"), new("CREATED", "RunningFor"),
        new("STATUS", "Status"), new("PORTS", "Ports"), new("NAMES", "Names"),
    ];

    internal static JsonObject Row(ContainerView view, bool whole) => new()
    {
        ["Command"] = Command(view, whole),
        ["CreatedAt"] = ImageParts.CreatedAt(view.CreatedNs),
        ["ID"] = whole ? view.Id : VerbParts.ShortId(view.Id),
        ["Image"] = whole ? view.Image : WithoutDigest(view.Image),
        ["Labels"] = string.Join(',', view.Labels.OrderBy(l => l.Key, StringComparer.Ordinal)
            .Select(l => $"{l.Key}={l.Value}")),
        ["LocalVolumes"] = view.Mounts.Count(m => m.Type == "volume").ToString(CultureInfo.InvariantCulture),
        ["Mounts"] = string.Join(',', view.Mounts.Select(m => m.Name.Length > 0 ? m.Name : m.Source)
            .Where(m => m.Length > 0).Select(m => whole ? m : VerbParts.Cut(m, 15))),
        ["Names"] = view.Name,
        ["Networks"] = view.Address.Length > 0 ? "swarm" : "none",
        ["Ports"] = view.State == ContainerView.Types.State.Running
            ? string.Join(", ", view.Ports.Select(Port))
            : "",
        ["RunningFor"] = ImageParts.CreatedSince(view.CreatedNs),
        ["Size"] = "N/A",
        ["State"] = State(view),
        ["Status"] = Status(view, DateTimeOffset.UtcNow),
    };

    internal static string State(ContainerView view) => view.State switch
    {
        ContainerView.Types.State.Running => "running",
        ContainerView.Types.State.Exited => "exited",
        _ => "created",
    };

    /// <summary>"Up 6 seconds (healthy)", "Exited (0) 3 minutes ago", "Created".</summary>
    internal static string Status(ContainerView view, DateTimeOffset now)
    {
        switch (view.State)
        {
            case ContainerView.Types.State.Running:
                var health = view.Health switch
                {
                    "" => "",
                    "starting" => " (health: starting)",
                    var known => $" ({known})",
                };
                return $"Up {Ago.Words(now - Ago.At(view.StartedNs))}{health}";
            case ContainerView.Types.State.Exited:
                return string.Create(
                    CultureInfo.InvariantCulture,
                    $"Exited ({view.ExitCode}) {Ago.Words(now - Ago.At(view.FinishedNs))} ago");
            default:
                return "Created";
        }
    }

    /// <summary>"8090:80/tcp" as docker writes it.</summary>
    internal static string Port(string port)
    {
        var colon = port.IndexOf(':', StringComparison.Ordinal);
        return $"0.0.0.0:{port[..colon]}->{port[(colon + 1)..]}";
    }

    private static string Command(ContainerView view, bool whole)
    {
        var text = Printable.Line(string.Join(' ', view.Command));
        return $"\"{(whole ? text : VerbParts.Cut(text, CommandChars))}\"";
    }

    private static string WithoutDigest(string image)
    {
        var at = image.IndexOf('@', StringComparison.Ordinal);
        return at > 0 && image.IndexOf(':', image.LastIndexOf('/', at) + 1) < at ? image[..at] : image;
    }
}
