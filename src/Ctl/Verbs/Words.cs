using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>Enumerations as docker prints them.</summary>
internal static class Words
{
    internal static string Availability(NodeSpec spec) => spec.Availability switch
    {
        NodeSpec.Types.Availability.Pause => "Pause",
        NodeSpec.Types.Availability.Drain => "Drain",
        _ => "Active",
    };

    internal static string Role(NodeRole role) => role == NodeRole.Manager ? "manager" : "worker";

    /// <summary>What the node is to be; a manager that does not tell has only what it is.</summary>
    internal static string DesiredRole(NodeView view) => view.Spec.Role switch
    {
        NodeSpec.Types.Role.Worker => "worker",
        NodeSpec.Types.Role.Manager => "manager",
        _ => Role(view.Role),
    };

    internal static string State(int state) => ((TaskState)state).ToString();

    internal static string Action(UpdatePolicy? policy) => policy.FailureActionOrDefault() switch
    {
        UpdatePolicy.Types.FailureAction.Continue => "continue",
        UpdatePolicy.Types.FailureAction.Rollback => "rollback",
        _ => "pause",
    };

    internal static string Order(UpdatePolicy? policy) => policy.IsStartFirst() ? "start-first" : "stop-first";

    internal static string Condition(TaskSpec task) => task.RestartConditionOrDefault() switch
    {
        RestartPolicy.Types.Condition.None => "none",
        RestartPolicy.Types.Condition.OnFailure => "on-failure",
        _ => "any",
    };

    internal static string Protocol(PortConfig port) =>
        port.Protocol == PortConfig.Types.Protocol.Udp ? "udp" : "tcp";

    internal static string Mode(PortConfig port) =>
        port.PublishMode == PortConfig.Types.PublishMode.Host ? "host" : "ingress";

    internal static string MountType(Mount mount) => mount.Type switch
    {
        Mount.Types.Type.Tmpfs => "tmpfs",
        Mount.Types.Type.Volume => "volume",
        _ => "bind",
    };

    internal static string Update(UpdateStatus.Types.State state) => state switch
    {
        UpdateStatus.Types.State.Updating => "updating",
        UpdateStatus.Types.State.Paused => "paused",
        UpdateStatus.Types.State.Completed => "completed",
        UpdateStatus.Types.State.RollbackStarted => "rollback_started",
        UpdateStatus.Types.State.RollbackPaused => "rollback_paused",
        UpdateStatus.Types.State.RollbackCompleted => "rollback_completed",
        _ => "",
    };

    internal static string Image(string image)
    {
        var at = image.IndexOf("@sha256:", StringComparison.Ordinal);
        return at > 0 && image.LastIndexOf(':', at) > image.LastIndexOf('/', at) ? image[..at] : image;
    }

    internal static string Ports(IEnumerable<PortConfig> ports, string host) => string.Join(
        ", ", ports.Select(p => $"{host}:{p.PublishedPort}->{p.TargetPort}/{Protocol(p)}"));
}
