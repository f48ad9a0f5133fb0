using System.Diagnostics;

namespace Swarm.Rpc.Tests.Interop;

/// <summary>grpc-js from npm, installed once under artifacts/ (not in the repository).</summary>
public sealed class NodePackage
{
    private static readonly TimeSpan InstallTimeout = TimeSpan.FromMinutes(3);
    private static readonly string Root = FindRoot();

    public NodePackage()
    {
        Folder = Path.Combine(Root, "artifacts", "rpc-interop");
        Directory.CreateDirectory(Folder);
        string source = Path.Combine(Root, "tests", "Rpc.Tests", "Interop");
        foreach (string file in (string[])[.. Directory.GetFiles(source, "*.js"), Path.Combine(source, "package.json")])
        {
            File.Copy(file, Path.Combine(Folder, Path.GetFileName(file)), overwrite: true);
        }
        string wanted = File.ReadAllText(Path.Combine(source, "package.json"));
        string stamp = Path.Combine(Folder, "installed.json");
        if (File.Exists(stamp) && File.ReadAllText(stamp) == wanted)
            return;
        using Process npm = Start("npm", ["install", "--no-audit", "--no-fund", "--no-package-lock"]);
        if (!npm.WaitForExit(InstallTimeout) || npm.ExitCode != 0)
            throw new InvalidOperationException("npm install failed: " + npm.StandardError.ReadToEnd());
        File.WriteAllText(stamp, wanted);
    }

    public string Folder { get; }

    /// <summary>Runs one of the programs with the folders of the protos ahead of its own arguments.</summary>
    public Process Run(string program, params string[] arguments) => Start(
        "node",
        [
            program, Path.Combine(Root, "tests", "Rpc.Tests", "Protos"), Path.Combine(Root, "src", "Protocol"),
            .. arguments,
        ]);

    private Process Start(string command, string[] arguments) => Process.Start(new ProcessStartInfo(command, arguments)
    {
        WorkingDirectory = Folder,
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Swarm.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }
        return folder ?? throw new InvalidOperationException("Swarm.sln is not above the tests");
    }
}

/// <summary>One installation for all tests with node, which run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class NodeCollection : ICollectionFixture<NodePackage>
{
    public const string Name = "node";
}
