using Swarm.Ctl.Cli;
using Swarm.Ctl.Spec;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;

namespace Swarm.Ctl.Verbs;

/// <summary>From the names of secrets and configs in a spec to the ids that they have now.</summary>
internal static class PayloadIds
{
    /// <exception cref="CtlException">Some are not there; all of them are named.</exception>
    internal static async Task ResolveAsync(Cli.Ctl ctl, ServiceSpec spec, CancellationToken ct)
    {
        var missing = new List<string>();
        foreach (var (kind, reference) in PayloadFlags.MissingIds(spec))
        {
            try
            {
                var view = await VerbParts.PayloadAsync(ctl, kind, reference.Name, ct).ConfigureAwait(false);
                if (reference.Target.Length == 0 && reference.Name != view.Spec.Name)
                {
                    // An id was given: the file has the name.
                    reference.Target = view.Spec.Name;
                }

                (reference.Id, reference.Name) = (view.Id, view.Spec.Name);
            }
            catch (RpcException e) when (e.Code == RpcStatusCode.NotFound)
            {
                missing.Add($"{kind.Word()} not found: {reference.Name}");
            }
        }

        if (missing.Count > 0)
        {
            throw new CtlException(ExitCode.NotFound, string.Join('\n', missing));
        }
    }
}
