using System.Text.Json;

namespace Swarm.EndToEnd;

/// <summary>Images as a person handles them on a node, and those that services brought there.</summary>
[Collection(LabCollection.Name)]
public sealed class ImageTests : IDisposable
{
    private const string Node = "n4";
    private const string Registry = "10.99.0.5:5000";
    private const int ConvergeSeconds = 60;
    private readonly Lab lab;
    private readonly string folder = Directory.CreateTempSubdirectory("swarm-e2e-images-").FullName;

    public ImageTests(Lab lab)
    {
        this.lab = lab;
        lab.Reset();
    }

    public void Dispose()
    {
        lab.Ctl(Node, "image", "prune", "--all", "--force");
        Directory.Delete(folder, recursive: true);
    }

    private CommandResult Image(params string[] arguments) => lab.Ctl(Node, ["image", .. arguments]);

    /// <summary>How many containers use it.</summary>
    private string Users(string id) => Image("inspect", "-f", "{{len .UsedBy}}", id).Output.Trim();

    private string RootFileSystem()
    {
        var root = Directory.CreateDirectory(Path.Combine(folder, "root", "bin")).FullName;
        File.Copy("/bin/busybox", Path.Combine(root, "busybox"));
        var tar = Path.Combine(folder, "root.tar");
        CommandResult.Of("tar", ["-C", Path.Combine(folder, "root"), "-cf", tar, "."]).Expect();
        return tar;
    }

    [Fact]
    public void An_image_goes_in_out_and_around()
    {
        var id = Image("import", "--change", "CMD [\"/bin/busybox\", \"sleep\", \"600\"]", RootFileSystem(), "mine:1")
            .Expect().Lines.Single();
        Assert.StartsWith("sha256:", id, StringComparison.Ordinal);
        var row = Image("ls", "--format", "{{.Repository}} {{.Tag}} {{.ID}} {{.CreatedSince}}", "mine").Expect();
        Assert.StartsWith($"mine 1 {id[7..19]} ", row.Output, StringComparison.Ordinal);
        Assert.StartsWith("IMAGE", Image("history", "mine:1").Expect().Output, StringComparison.Ordinal);
        var shown = JsonDocument.Parse(Image("inspect", "mine:1").Expect().Output).RootElement[0];
        Assert.Equal("600", shown.GetProperty("Config").GetProperty("Cmd")[2].GetString());

        Image("tag", "mine:1", $"{Registry}/mine:1").Expect();
        var pushed = Image("push", $"{Registry}/mine:1").Expect();
        Assert.Contains(": Pushed", pushed.Output, StringComparison.Ordinal);
        var archive = Path.Combine(folder, "mine.tar");
        Image("save", "-o", archive, "mine:1", $"{Registry}/mine:1").Expect();
        var refused = Image("rm", id);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("referenced in multiple repositories", refused.Errors, StringComparison.Ordinal);
        var removed = Image("rm", "mine:1", $"{Registry}/mine:1").Expect();
        Assert.Contains($"Deleted: {id}", removed.Output, StringComparison.Ordinal);

        var pulled = Image("pull", $"{Registry}/mine:1").Expect();
        Assert.Contains("Status: Downloaded newer image", pulled.Output, StringComparison.Ordinal);
        Image("rm", $"{Registry}/mine:1").Expect();
        Assert.Equal(["Loaded image: " + Registry + "/mine:1", "Loaded image: mine:1"],
            Image("load", "-i", archive).Expect().Lines.Order());
        Assert.Equal(id, Image("inspect", "-f", "{{.Id}}", "mine:1").Expect().Lines.Single());

        // What was pushed from one node runs on the others.
        lab.Create("mine", "--replicas", "5", $"{Registry}/mine:1").Expect();
        Assert.Equal(5, lab.Running("n1", "mine").Count);
    }

    [Fact]
    public void What_a_service_uses_or_may_go_back_to_is_not_removed()
    {
        lab.Create("web", "--replicas", "5", $"{Lab.Image}:1").Expect();
        var rows = Image("ls", "--format", "{{.Repository}} {{.Tag}} {{.ID}}", Lab.Image).Expect().Lines;
        Assert.All(rows, row => Assert.StartsWith($"{Lab.Image} <none> ", row, StringComparison.Ordinal));
        // Others may be there from services that are gone.
        var id = rows.Select(row => row.Split(' ')[^1]).Distinct().Single(i => Users(i) != "0");
        var used = Image("rm", "--force", id);
        Assert.Contains("(cannot be forced) - image is being used by running container", used.Errors,
            StringComparison.Ordinal);
        lab.Ctl("n1", "service", "update", "--update-monitor", "1s", "--image", $"{Lab.Image}:2", "web").Expect();
        Wait.Until(
            "nothing uses the first image", ConvergeSeconds,
            () => Users(id) == "0");
        Image("prune", "--all", "--force").Expect();
        var kept = Image("rm", id);
        Assert.Equal(1, kept.ExitCode);
        Assert.Contains("which may be rolled back to it", kept.Errors, StringComparison.Ordinal);
        lab.Ctl("n1", "service", "rollback", "web").Expect();
        Assert.Equal(5, lab.Running("n1", "web").Count);
    }

    [Fact]
    public void An_image_of_one_node_runs_there_without_a_registry()
    {
        Image("import", "--change", "CMD [\"/bin/busybox\", \"sleep\", \"600\"]", RootFileSystem(), "mine:1").Expect();
        lab.Create(
            "local", "--detach", "--no-resolve-image", "--constraint", $"node.hostname=={Node}",
            $"{Registry}/nosuch/x:1").Expect();
        Image("tag", "mine:1", $"{Registry}/nosuch/x:1").Expect();
        Wait.Until("it runs", ConvergeSeconds, () => lab.Running("n1", "local").Count == 1,
            () => lab.ServiceText("n1", "local"));
    }

    [Fact]
    public void Mistakes_are_told()
    {
        (string[] Command, int Code, string Says)[] mistakes =
        [
            (["image", "pull", $"{Registry}/nosuch:1"], 3, "has no such repository or tag"),
            (["image", "pull", "UPPER"], 1, "must be lower case"),
            (["image", "rm", "nosuch"], 3, "No such image: nosuch"),
            (["image", "push", "nosuch:1"], 3, "does not exist locally with the tag"),
            (["image", "ls", "--filter", "x=y"], 2, "--filter 'x=y': unknown"),
            (["image", "pull", "--platform", "linux/arm64", "x"], 2, "images of its own platform only"),
            (["login", "--username", "joe", "--password", "x", Registry], 1, "asks for no credentials"),
            (["login", "--password-stdin", Registry], 2, "must provide --username"),
            (["logout", "no host"], 1, "is not the host of a registry"),
        ];
        foreach (var (command, code, says) in mistakes)
        {
            var result = lab.Ctl(Node, command);
            Assert.Contains(says, result.Errors, StringComparison.Ordinal);
            Assert.Equal(code, result.ExitCode);
        }
    }
}
