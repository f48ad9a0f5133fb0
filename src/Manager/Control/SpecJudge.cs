using Google.Protobuf;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;

namespace Swarm.Manager.Control;

/// <summary>Everything that is wrong with a service spec, before anything is stored or asked.</summary>
internal static class SpecJudge
{
    private static readonly MessageParser<ServiceSpec> Known = ServiceSpec.Parser.WithDiscardUnknownFields(true);

    /// <exception cref="RpcException">All faults at once.</exception>
    internal static void Require(ServiceSpec spec)
    {
        var faults = Faults(spec);
        if (faults.Count > 0)
        {
            throw Errors.Invalid(faults);
        }
    }

    internal static IReadOnlyList<SpecFault> Faults(ServiceSpec spec) =>
        [.. Unknown(spec), .. SpecValidator.Check(spec), .. PlacementFaults.Of(spec)];

    /// <summary>What a newer program wrote and this one cannot read would be ignored without a word.</summary>
    private static IEnumerable<SpecFault> Unknown(ServiceSpec spec)
    {
        var bytes = spec.ToByteArray();
        if (Known.ParseFrom(bytes).CalculateSize() != bytes.Length)
        {
            yield return new SpecFault(
                "spec", "", "has fields that this manager does not know",
                "upgrade the managers, or use the program of their version");
        }
    }
}
