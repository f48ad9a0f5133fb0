using System.Xml.Linq;

namespace Swarm.Tidy.Tests;

/// <summary>Who may reference whom (design, section 2).</summary>
public sealed class ReferenceTests
{
    private static readonly Dictionary<string, string[]> MayReference = new()
    {
        ["Protocol"] = [],
        ["Raft"] = [],
        ["Model"] = ["Protocol"],
        ["Store"] = ["Model"],
        ["Scheduler"] = ["Model", "Store"],
        ["Orchestrator"] = ["Model", "Store", "Scheduler"],
        ["Rpc"] = ["Protocol"],
        ["Security"] = ["Model"],
        ["Runtime"] = ["Model"],
        ["RoutingMesh"] = ["Model"],
        ["Manager"] = ["Model", "Store", "Raft", "Scheduler", "Orchestrator", "Rpc", "Security"],
        ["Worker"] = ["Model", "Rpc", "Security", "Runtime", "RoutingMesh"],
        ["Node"] =
        [
            "Manager", "Worker", "Model", "Store", "Raft", "Scheduler", "Orchestrator", "Rpc", "Security", "Runtime",
            "RoutingMesh",
        ],
        ["Ctl"] = ["Model", "Rpc", "Security"],
    };

    /// <summary>The simulator sees every pure part, and neither swarmd, swarmctl nor what touches the kernel.</summary>
    private static readonly string[] NotForClusterSim = ["Node", "Ctl"];

    [Fact]
    public void Every_source_project_stands_in_the_table() =>
        Assert.Equal(MayReference.Keys.Order(), SourceProjects().Order());

    [Fact]
    public void Source_projects_reference_only_what_the_table_allows() =>
        Rule.Holds(
            from project in SourceProjects()
            from other in References($"src/{project}/{project}.csproj")
            where !Allowed(project).Contains(other)
            select $"src/{project} may not reference {other}");

    [Fact]
    public void Test_projects_reference_their_project_and_what_that_may_see() =>
        Rule.Holds(
            from file in SourceTree.Files("tests", ".Tests.csproj")
            let name = Path.GetFileName(file)[..^".Tests.csproj".Length]
            where MayReference.ContainsKey(name)
            from other in References(file)
            where other != name && !Allowed(name).Contains(other)
            select $"{file} may not reference {other}");

    [Fact]
    public void The_simulator_references_no_program() =>
        Rule.Holds(
            from other in References("tests/ClusterSim/ClusterSim.csproj")
            where NotForClusterSim.Contains(other)
            select $"tests/ClusterSim may not reference {other}");

    [Fact]
    public void Nobody_references_the_composition_root() =>
        Rule.Holds(
            from file in SourceTree.Files("src", ".csproj")
            where References(file).Contains("Node")
            select $"{file} references Node");

    /// <summary>Whoever knows Model meets the specs, which are messages of Protocol.</summary>
    private static IEnumerable<string> Allowed(string project)
    {
        var listed = MayReference[project];
        return listed.Contains("Model") ? listed.Append("Protocol") : listed;
    }

    private static IEnumerable<string> SourceProjects() =>
        SourceTree.Files("src", ".csproj").Select(file => Path.GetFileNameWithoutExtension(file));

    private static List<string> References(string project) =>
        XDocument.Parse(SourceTree.Read(project))
            .Descendants("ProjectReference")
            .Select(reference => (string?)reference.Attribute("Include") ?? "")
            .Select(path => Path.GetFileNameWithoutExtension(path.Replace('\\', '/')))
            .ToList();
}
