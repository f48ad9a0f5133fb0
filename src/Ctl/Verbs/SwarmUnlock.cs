using System.CommandLine;
using Swarm.Ctl.Cli;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`swarm unlock`</summary>
internal static class SwarmUnlock
{
    internal static Command Build() => new Command("unlock", "Unlock swarm").Does(async (ctl, _, ct) =>
    {
        // Nobody is asked for a key that is of no use.
        var info = await ctl.LocalAsync<GetInfoRequest, GetInfoResponse>("GetInfo", new GetInfoRequest(), ct)
            .ConfigureAwait(false);
        if (info.SwarmState != "locked")
        {
            throw new CtlException(
                ExitCode.Refused,
                info.SwarmState == "inactive" ? "Error: This node is not part of a swarm"
                    : "Error: swarm is not locked");
        }

        var key = await SecretInput.ReadLineAsync("Enter unlock key: ", ctl.Error, ct).ConfigureAwait(false);
        await ctl.LocalAsync<UnlockSwarmRequest, UnlockSwarmResponse>(
            "UnlockSwarm", new UnlockSwarmRequest { UnlockKey = key }, ct).ConfigureAwait(false);
        return ExitCode.Done;
    });
}
