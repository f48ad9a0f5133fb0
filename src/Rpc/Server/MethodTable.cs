using System.Collections.Frozen;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Google.Protobuf.Reflection;
using Swarm.Protocol.V1;

namespace Swarm.Rpc.Server;

/// <summary>A method that is served: its handler and the roles that may call it.</summary>
internal sealed record BoundMethod(
    string Path,
    RpcKind Kind,
    FrozenSet<CallerRole> Allowed,
    MessageParser RequestParser,
    Func<ServerCall, Task> Invoke)
{
    public string AllowedText { get; } =
        string.Join(", ", Allowed.Order().Select(static r => r.ToString().ToUpperInvariant()));
}

/// <summary>
/// Handlers compared with the descriptors. Deny by default: a method without declaration of roles, without handler,
/// or a handler without method does not start.
/// </summary>
internal static class MethodTable
{
    public static FrozenDictionary<string, BoundMethod> Build(IReadOnlyList<RpcService> services)
    {
        var faults = new List<string>();
        var methods = new Dictionary<string, BoundMethod>(StringComparer.Ordinal);
        foreach (IGrouping<string, RpcService> same in services.GroupBy(s => s.Descriptor.FullName))
        {
            if (same.Count() > 1)
                faults.Add($"service {same.Key} is registered {same.Count()} times");
            Bind(same.First(), methods, faults);
        }
        return faults.Count == 0
            ? methods.ToFrozenDictionary(StringComparer.Ordinal)
            : throw new RpcConfigurationException(faults);
    }

    private static void Bind(RpcService service, Dictionary<string, BoundMethod> methods, List<string> faults)
    {
        ILookup<string, Registration> handlers = service.Registrations.ToLookup(r => r.Method);
        foreach (string name in handlers.Select(h => h.Key))
        {
            if (service.Descriptor.FindMethodByName(name) is null)
                faults.Add($"{service.Descriptor.FullName} has no method {name}, but a handler for it is registered");
        }
        foreach (MethodDescriptor method in service.Descriptor.Methods)
        {
            Registration[] registered = [.. handlers[method.Name]];
            CallerRole[] allowed = AllowedBy(method);
            int before = faults.Count;
            faults.AddRange(FaultsOf(method, registered, allowed));
            if (faults.Count != before)
                continue;
            string path = RpcKinds.PathOf(method);
            methods[path] = new BoundMethod(
                path, registered[0].Kind, allowed.ToFrozenSet(), method.InputType.Parser, registered[0].Invoke);
        }
    }

    private static IEnumerable<string> FaultsOf(
        MethodDescriptor method, Registration[] registered, CallerRole[] allowed)
    {
        string path = RpcKinds.PathOf(method);
        if (allowed.Length == 0)
            yield return $"{path} does not declare who may call it: add option (swarm.v1.allowed)";
        if (allowed.Any(r => r == CallerRole.Unspecified || !Enum.IsDefined(r)))
            yield return $"{path} allows a role that does not exist";
        if (registered.Length != 1)
        {
            yield return registered.Length == 0 ? $"{path} has no handler" : $"{path} has several handlers";
            yield break;
        }
        if (registered[0].Kind != RpcKinds.Of(method))
            yield return $"{path} is declared as {RpcKinds.Of(method)}, its handler is {registered[0].Kind}";
        if (RpcKinds.TypeFault(method, registered[0].Request, registered[0].Response) is { } fault)
            yield return fault;
    }

    private static CallerRole[] AllowedBy(MethodDescriptor method)
    {
        RepeatedField<CallerRole>? allowed = method.GetOptions()?.GetExtension(RolesExtensions.Allowed);
        return allowed is null ? [] : [.. allowed];
    }
}
