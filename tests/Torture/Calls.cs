using Google.Protobuf.Reflection;
using Swarm.Protocol.V1;
using Swarm.Rpc;

namespace Swarm.Torture;

/// <summary>The calls that are made.</summary>
internal static class Calls
{
    private static readonly ServiceDescriptor Control = ControlReflection.Descriptor.Services[0];

    internal static readonly RpcMethod<GetInfoRequest, GetInfoResponse> Info =
        RpcMethod<GetInfoRequest, GetInfoResponse>.Of(NodeReflection.Descriptor.Services[0], "GetInfo");

    internal static readonly RpcMethod<CreateServiceRequest, CreateServiceResponse> Create =
        RpcMethod<CreateServiceRequest, CreateServiceResponse>.Of(Control, "CreateService");

    internal static readonly RpcMethod<UpdateServiceRequest, UpdateServiceResponse> Update =
        RpcMethod<UpdateServiceRequest, UpdateServiceResponse>.Of(Control, "UpdateService");

    internal static readonly RpcMethod<RemoveServiceRequest, RemoveServiceResponse> Remove =
        RpcMethod<RemoveServiceRequest, RemoveServiceResponse>.Of(Control, "RemoveService");

    internal static readonly RpcMethod<GetServiceRequest, GetServiceResponse> Get =
        RpcMethod<GetServiceRequest, GetServiceResponse>.Of(Control, "GetService");

    internal static readonly RpcMethod<ListTasksRequest, ListTasksResponse> ListTasks =
        RpcMethod<ListTasksRequest, ListTasksResponse>.Of(Control, "ListTasks");

    internal static readonly RpcMethod<ServiceLogsRequest, ServiceLogsResponse> Logs =
        RpcMethod<ServiceLogsRequest, ServiceLogsResponse>.Of(Control, "ServiceLogs");

    internal static readonly RpcMethod<ListContainersRequest, ListContainersResponse> ListContainers =
        RpcMethod<ListContainersRequest, ListContainersResponse>.Of(
            NodeReflection.Descriptor.Services[0], "ListContainers");

    internal static readonly RpcMethod<ListServicesRequest, ListServicesResponse> ListServices =
        RpcMethod<ListServicesRequest, ListServicesResponse>.Of(Control, "ListServices");
}
