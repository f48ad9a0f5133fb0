using System.Text.Json;

namespace Swarm.EndToEnd;

/// <summary>A line of <c>node ls --format json</c>.</summary>
internal sealed record NodeRow(string Id, string Hostname, string Status, string Availability, string ManagerStatus)
{
    public bool IsUsable => Status == "Ready" && Availability == "Active";

    public bool IsManager => ManagerStatus.Length > 0;

    public static NodeRow Parse(string line)
    {
        using var json = JsonDocument.Parse(line);
        return new NodeRow(
            json.Text("ID"), json.Text("Hostname"), json.Text("Status"), json.Text("Availability"),
            json.Text("ManagerStatus"));
    }
}

/// <summary>A line of <c>service ps --format json</c>.</summary>
internal sealed record TaskRow(
    string Id, string Name, string Image, string Node, string DesiredState, string CurrentState, string Error)
{
    public bool IsRunning => DesiredState == "Running" && CurrentState.StartsWith("Running", StringComparison.Ordinal);

    public static TaskRow Parse(string line)
    {
        using var json = JsonDocument.Parse(line);
        return new TaskRow(
            json.Text("ID"), json.Text("Name"), json.Text("Image"), json.Text("Node"), json.Text("DesiredState"),
            json.Text("CurrentState"), json.Text("Error"));
    }
}

internal static class JsonText
{
    public static string Text(this JsonDocument json, string name) =>
        json.RootElement.TryGetProperty(name, out var value) ? value.ToString() : "";
}
