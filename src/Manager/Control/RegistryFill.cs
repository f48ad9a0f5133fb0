using Google.Protobuf;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Manager.Control;

/// <summary>
/// Who wants a service to carry credentials mostly sends none: the manager that is asked first knows those that a
/// person gave it, so no password passes through a command.
/// </summary>
internal static class RegistryFill
{
    internal static void Fill(IMessage request, Func<string, RegistryLogin?> find)
    {
        switch (request)
        {
            case CreateServiceRequest { WithRegistryAuth: true, Registry: null, Spec.Task.Container: { } made } create:
                create.Registry = find(made.Image)?.ToMessage();
                break;
            case UpdateServiceRequest { WithRegistryAuth: true, Registry: null, Spec.Task.Container: { } next } update:
                update.Registry = find(next.Image)?.ToMessage();
                break;
        }
    }
}
