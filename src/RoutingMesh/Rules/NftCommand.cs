using System.ComponentModel;
using System.Diagnostics;

namespace Swarm.RoutingMesh.Rules;

/// <summary>
/// nftables through its command, where the library is missing. The child inherits the thread's namespace.
/// </summary>
internal sealed class NftCommand : INftRunner
{
    private static readonly TimeSpan RunTimeout = TimeSpan.FromSeconds(30);

    public void Run(string script)
    {
        using var process = Start();
        var error = process.StandardError.ReadToEndAsync();
        process.StandardInput.Write(script);
        process.StandardInput.Close();
        if (!process.WaitForExit(RunTimeout))
        {
            process.Kill();
            throw new MeshException($"nft did not end within {RunTimeout.TotalSeconds} s");
        }

        if (process.ExitCode != 0)
            throw new MeshException($"nftables refused the rules: {error.GetAwaiter().GetResult().Trim()}");
    }

    public void Dispose()
    {
    }

    private static Process Start()
    {
        var start = new ProcessStartInfo("nft", ["-f", "-"])
        {
            RedirectStandardInput = true,
            RedirectStandardError = true,
        };
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception missing)
        {
            throw new MeshException("neither libnftables.so.1 nor the nft command: install nftables", missing);
        }
    }
}
