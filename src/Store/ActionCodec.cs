using Swarm.Model;
using Swarm.Protocol.V1;
using TaskStatus = Swarm.Protocol.V1.TaskStatus;

namespace Swarm.Store;

/// <summary>Actions as messages of the log and back.</summary>
internal static class ActionCodec
{
    internal static LogAction ToMessage(StoreAction action) => action switch
    {
        StoreAction.SetCluster a => new LogAction { SetCluster = Views.ToSecretView(a.Cluster) },
        StoreAction.CreateNode a => new LogAction { CreateNode = Views.ToView(a.Node) },
        StoreAction.UpdateNodeSpec a => new LogAction
        {
            UpdateNodeSpec = new UpdateNodeSpec { NodeId = a.Id.ToString(), Version = a.Version, Spec = a.Spec },
        },
        StoreAction.SetNodeStatus a => new LogAction
        {
            SetNodeStatus = new SetNodeStatus
            {
                NodeId = a.Id.ToString(),
                Status = new NodeStatus { State = a.State, Message = a.Message, Address = a.Address },
            },
        },
        StoreAction.SetNodeDescription a => new LogAction
        {
            SetNodeDescription = new SetNodeDescription { NodeId = a.Id.ToString(), Description = a.Description },
        },
        StoreAction.SetNodeRole a => new LogAction
        {
            SetNodeRole = new SetNodeRole { NodeId = a.Id.ToString(), Role = a.Role },
        },
        StoreAction.RemoveNode a => new LogAction { RemoveNode = a.Id.ToString() },
        _ => PayloadToMessage(action) ?? ServiceToMessage(action),
    };

    internal static StoreAction FromMessage(LogAction message) => message.KindCase switch
    {
        LogAction.KindOneofCase.SetCluster => new StoreAction.SetCluster(Views.FromView(message.SetCluster)),
        LogAction.KindOneofCase.CreateNode => new StoreAction.CreateNode(Views.FromView(message.CreateNode)),
        LogAction.KindOneofCase.UpdateNodeSpec => new StoreAction.UpdateNodeSpec(
            new NodeId(message.UpdateNodeSpec.NodeId),
            message.UpdateNodeSpec.Version,
            message.UpdateNodeSpec.Spec ?? new NodeSpec()),
        LogAction.KindOneofCase.SetNodeStatus => new StoreAction.SetNodeStatus(
            new NodeId(message.SetNodeStatus.NodeId),
            message.SetNodeStatus.Status?.State ?? NodeStatus.Types.State.Unknown,
            message.SetNodeStatus.Status?.Message ?? "",
            message.SetNodeStatus.Status?.Address ?? ""),
        LogAction.KindOneofCase.SetNodeDescription => new StoreAction.SetNodeDescription(
            new NodeId(message.SetNodeDescription.NodeId),
            message.SetNodeDescription.Description ?? new NodeDescription()),
        LogAction.KindOneofCase.SetNodeRole => new StoreAction.SetNodeRole(
            new NodeId(message.SetNodeRole.NodeId), message.SetNodeRole.Role),
        LogAction.KindOneofCase.RemoveNode => new StoreAction.RemoveNode(new NodeId(message.RemoveNode)),
        LogAction.KindOneofCase.CreatePayload => new StoreAction.CreatePayload(Views.FromView(message.CreatePayload)),
        LogAction.KindOneofCase.UpdatePayloadSpec => new StoreAction.UpdatePayloadSpec(
            new PayloadId(message.UpdatePayloadSpec.PayloadId),
            message.UpdatePayloadSpec.Version,
            message.UpdatePayloadSpec.Spec ?? new PayloadSpec()),
        LogAction.KindOneofCase.RemovePayload => new StoreAction.RemovePayload(new PayloadId(message.RemovePayload)),
        _ => ServiceFromMessage(message),
    };

    private static LogAction? PayloadToMessage(StoreAction action) => action switch
    {
        StoreAction.CreatePayload a => new LogAction { CreatePayload = Views.ToSecretView(a.Payload) },
        StoreAction.UpdatePayloadSpec a => new LogAction
        {
            UpdatePayloadSpec = new UpdatePayloadSpec { PayloadId = a.Id.Value, Version = a.Version, Spec = a.Spec },
        },
        StoreAction.RemovePayload a => new LogAction { RemovePayload = a.Id.Value },
        _ => null,
    };

    private static LogAction ServiceToMessage(StoreAction action) => action switch
    {
        StoreAction.CreateService a => new LogAction
        {
            CreateService = new ServiceView
            {
                Id = a.Id.Value,
                Spec = a.Spec,
                Registries = { a.Registry is null ? [] : [a.Registry.ToMessage()] },
            },
        },
        StoreAction.UpdateServiceSpec a => new LogAction
        {
            UpdateServiceSpec = new UpdateServiceSpec
            {
                ServiceId = a.Id.Value, Version = a.Version, Spec = a.Spec, Registry = a.Registry?.ToMessage(),
            },
        },
        StoreAction.RollBackService a => new LogAction
        {
            RollBackService = new RollBackService { ServiceId = a.Id.Value, Version = a.Version, Message = a.Message },
        },
        StoreAction.RemoveService a => new LogAction { RemoveService = a.Id.Value },
        StoreAction.DeleteService a => new LogAction { DeleteService = a.Id.Value },
        StoreAction.SetUpdateStatus a => new LogAction
        {
            SetUpdateStatus = new SetUpdateStatus
            {
                ServiceId = a.Id.Value,
                Version = a.Version,
                Status = Views.ToView(a.Status),
            },
        },
        StoreAction.SetServicePorts a => new LogAction
        {
            SetServicePorts = new SetServicePorts { ServiceId = a.Id.Value, Version = a.Version, Ports = { a.Ports } },
        },
        _ => TaskToMessage(action),
    };

    private static StoreAction ServiceFromMessage(LogAction message) => message.KindCase switch
    {
        LogAction.KindOneofCase.CreateService => new StoreAction.CreateService(
            new ServiceId(message.CreateService.Id), message.CreateService.Spec ?? new ServiceSpec())
        {
            Registry = message.CreateService.Registries.Select(RegistryLogin.Of).FirstOrDefault(),
        },
        LogAction.KindOneofCase.UpdateServiceSpec => new StoreAction.UpdateServiceSpec(
            new ServiceId(message.UpdateServiceSpec.ServiceId),
            message.UpdateServiceSpec.Version,
            message.UpdateServiceSpec.Spec ?? new ServiceSpec())
        {
            Registry = message.UpdateServiceSpec.Registry is { } registry ? RegistryLogin.Of(registry) : null,
        },
        LogAction.KindOneofCase.RollBackService => new StoreAction.RollBackService(
            new ServiceId(message.RollBackService.ServiceId),
            message.RollBackService.Version,
            message.RollBackService.Message),
        LogAction.KindOneofCase.RemoveService => new StoreAction.RemoveService(new ServiceId(message.RemoveService)),
        LogAction.KindOneofCase.DeleteService => new StoreAction.DeleteService(new ServiceId(message.DeleteService)),
        LogAction.KindOneofCase.SetUpdateStatus => new StoreAction.SetUpdateStatus(
            new ServiceId(message.SetUpdateStatus.ServiceId),
            message.SetUpdateStatus.Version,
            Views.FromView(message.SetUpdateStatus.Status)),
        LogAction.KindOneofCase.SetServicePorts => new StoreAction.SetServicePorts(
            new ServiceId(message.SetServicePorts.ServiceId),
            message.SetServicePorts.Version,
            [.. message.SetServicePorts.Ports]),
        _ => TaskFromMessage(message),
    };

    private static LogAction TaskToMessage(StoreAction action) => action switch
    {
        StoreAction.CreateTask a => new LogAction { CreateTask = Views.ToView(a.Task) },
        StoreAction.AssignTask a => new LogAction
        {
            AssignTask = new AssignTask
            {
                TaskId = a.Id.Value,
                Version = a.Version,
                NodeId = a.Node.ToString(),
                HostPorts = { a.HostPorts },
                Generic = { a.Generic },
            },
        },
        StoreAction.SetDesiredState a => new LogAction
        {
            SetDesiredState = new SetDesiredState
            {
                TaskId = a.Id.Value,
                Version = a.Version,
                DesiredState = (int)a.Desired,
            },
        },
        StoreAction.ReportTaskStatus a => new LogAction
        {
            ReportTaskStatus = new ReportTaskStatus { TaskId = a.Id.Value, Status = Views.ToView(a.Status) },
        },
        StoreAction.ExplainTask a => new LogAction
        {
            ExplainTask = new ExplainTask { TaskId = a.Id.Value, Version = a.Version, Explanation = a.Explanation },
        },
        StoreAction.DeleteTask a => new LogAction { DeleteTask = a.Id.Value },
        _ => throw new InvariantException($"an action of kind {action.GetType().Name} has no message"),
    };

    private static StoreAction TaskFromMessage(LogAction message) => message.KindCase switch
    {
        LogAction.KindOneofCase.CreateTask => new StoreAction.CreateTask(Views.FromView(message.CreateTask)),
        LogAction.KindOneofCase.AssignTask => new StoreAction.AssignTask(
            new TaskId(message.AssignTask.TaskId),
            message.AssignTask.Version,
            new NodeId(message.AssignTask.NodeId),
            [.. message.AssignTask.HostPorts])
        {
            Generic = [.. message.AssignTask.Generic],
        },
        LogAction.KindOneofCase.SetDesiredState => new StoreAction.SetDesiredState(
            new TaskId(message.SetDesiredState.TaskId),
            message.SetDesiredState.Version,
            (TaskState)message.SetDesiredState.DesiredState),
        LogAction.KindOneofCase.ReportTaskStatus => new StoreAction.ReportTaskStatus(
            new TaskId(message.ReportTaskStatus.TaskId),
            Views.FromView(message.ReportTaskStatus.Status ?? new TaskStatus())),
        LogAction.KindOneofCase.ExplainTask => new StoreAction.ExplainTask(
            new TaskId(message.ExplainTask.TaskId), message.ExplainTask.Version, message.ExplainTask.Explanation),
        LogAction.KindOneofCase.DeleteTask => new StoreAction.DeleteTask(new TaskId(message.DeleteTask)),
        _ => throw new InvalidDataException(
            $"a log entry has an action of kind {message.KindCase}, which this program does not know"),
    };
}
