using System.Runtime.CompilerServices;
using Swarm.Model;

namespace Swarm.Store.Tests;

/// <summary>Bytes that an earlier version of this program wrote; they are never made anew.</summary>
internal static class Golden
{
    internal static IEnumerable<byte[]> Lines(string name) =>
        File.ReadLines(Path.Combine(Folder(), name)).Where(l => l.Length > 0).Select(Convert.FromHexString);

    internal static ClusterRecord Cluster() => new()
    {
        Id = new ClusterId("c"),
        CreatedAt = default,
        Spec = new Protocol.V1.ClusterSpec(),
        RootCertificatePem = "pem",
        RootKeyPem = "key",
        WorkerTokenSecret = [1],
        ManagerTokenSecret = [2],
        FormatVersion = StoreFormat.Newest,
    };

    private static string Folder([CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "Golden");
}
