using Swarm.Ctl.Cli;
using Swarm.Protocol.V1;
using Swarm.Rpc;

namespace Swarm.Ctl.Verbs;

/// <summary>A service after a change.</summary>
/// <param name="Id">Whose.</param>
/// <param name="Version">Of the service; it is that of its spec too, if the change changed that.</param>
internal readonly record struct EditedService(string Id, ulong Version);

/// <summary>
/// Changes the spec of a service. A service changes all the time while an update goes on; a change by somebody else is
/// only that of its spec, so the edit is made again on a newer version of the service as long as its spec is the one
/// that was read, and is a conflict otherwise.
/// </summary>
internal static class ServiceEdit
{
    private const int MaxAttempts = 20;

    /// <param name="ctl">The connection.</param>
    /// <param name="reference">Id, name or the beginning of an id.</param>
    /// <param name="edit">From the service to what is asked; ids and versions are filled in here.</param>
    /// <param name="ct">Gives up.</param>
    internal static async Task<EditedService> ApplyAsync(
        Cli.Ctl ctl, string reference, Func<ServiceView, UpdateServiceRequest> edit, CancellationToken ct)
    {
        var first = await VerbParts.ServiceAsync(ctl, reference, ct).ConfigureAwait(false);
        var view = first;
        for (var attempt = 1; ; attempt++)
        {
            var request = edit(view);
            if (request.Spec is { } spec)
            {
                await PayloadIds.ResolveAsync(ctl, spec, ct).ConfigureAwait(false);
            }

            (request.ServiceId, request.Version) = (view.Id, view.Version);
            try
            {
                var response = await ctl.CallAsync<UpdateServiceRequest, UpdateServiceResponse>(
                    "UpdateService", request, ct).ConfigureAwait(false);
                foreach (var warning in response.Warnings)
                {
                    ctl.Error.WriteLine("WARNING: " + warning);
                }

                return new EditedService(view.Id, response.Version);
            }
            catch (RpcException e) when (e.Code == RpcStatusCode.Aborted && attempt < MaxAttempts)
            {
                view = await VerbParts.ServiceAsync(ctl, first.Id, ct).ConfigureAwait(false);
                if (view.SpecVersion != first.SpecVersion || !view.Spec.Equals(first.Spec))
                {
                    throw;
                }
            }
        }
    }
}
