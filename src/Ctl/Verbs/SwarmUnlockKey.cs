using System.CommandLine;
using Swarm.Ctl.Cli;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>`swarm unlock-key`</summary>
internal static class SwarmUnlockKey
{
    internal static Command Build()
    {
        var rotate = new Option<bool>("--rotate") { Description = "Replace the unlock key" };
        var quiet = VerbParts.Quiet("Only display the key");
        var command = new Command("unlock-key", "Manage the unlock key") { rotate, quiet };
        return command.Does(async (ctl, parsed, ct) =>
        {
            var answer = parsed.GetValue(rotate)
                ? await ctl.CallAsync<RotateUnlockKeyRequest, GetUnlockKeyResponse>(
                    "RotateUnlockKey", new RotateUnlockKeyRequest(), ct).ConfigureAwait(false)
                : await ctl.CallAsync<GetUnlockKeyRequest, GetUnlockKeyResponse>(
                    "GetUnlockKey", new GetUnlockKeyRequest(), ct).ConfigureAwait(false);
            if (parsed.GetValue(quiet))
            {
                ctl.Out.WriteLine(answer.UnlockKey);
                return ExitCode.Done;
            }

            if (parsed.GetValue(rotate))
            {
                ctl.Out.WriteLine("Successfully rotated manager unlock key.");
            }

            Tell(ctl, answer.UnlockKey);
            return ExitCode.Done;
        });
    }

    /// <summary>The key, and what it is for.</summary>
    internal static void Tell(Cli.Ctl ctl, string key)
    {
        ctl.Out.WriteLine("To unlock a swarm manager after it restarts, run the `swarmctl swarm unlock`");
        ctl.Out.WriteLine("command and provide the following key:");
        ctl.Out.WriteLine();
        ctl.Out.WriteLine($"    {key}");
        ctl.Out.WriteLine();
        ctl.Out.WriteLine("Remember to store this key in a password manager, since without it you");
        ctl.Out.WriteLine("will not be able to restart the manager.");
    }
}
