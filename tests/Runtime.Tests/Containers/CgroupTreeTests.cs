using Swarm.Runtime.Containers;

namespace Swarm.Runtime.Tests.Containers;

/// <summary>On fake trees: plain files where the kernel would have its own.</summary>
public sealed class CgroupTreeTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("cgroup").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Pure_v2()
    {
        Put("cgroup.controllers", "cpu memory pids");
        Put("swarm/a/memory.events", "low 0\noom 2\noom_kill 1\noom_group_kill 0\n");
        Put("swarm/a/cgroup.procs", "12\n7\n");
        Put("swarm/a/child/cgroup.procs", "30\n");
        var tree = new CgroupTree(_root);
        Assert.Equal(CgroupMode.V2, tree.Mode);
        Assert.False(tree.UnifiedHasControllers);
        Assert.Equal(1, tree.OomKills("/swarm/a"));
        Assert.Equal([7, 12, 30], tree.Processes("/swarm/a"));
        Assert.Equal(["a"], tree.Children("/swarm"));
    }

    [Fact]
    public void Hybrid_and_v1()
    {
        Put("memory/cgroup.procs", "");
        Put("memory/swarm/a/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n");
        Put("pids/cgroup.procs", "");
        Put("pids/swarm/b/cgroup.procs", "5\n");
        Put("unified/cgroup.procs", "");
        Directory.CreateSymbolicLink(_root + "/alias", _root + "/pids");
        Assert.Equal(CgroupMode.V1, new CgroupTree(_root).Mode);
        Put("unified/cgroup.controllers", "");
        var tree = new CgroupTree(_root);
        Assert.Equal(CgroupMode.Hybrid, tree.Mode);
        Assert.False(tree.UnifiedHasControllers);
        Put("unified/cgroup.controllers", "hugetlb\n");
        Assert.True(tree.UnifiedHasControllers);
        Assert.Equal(3, tree.OomKills("/swarm/a"));
        Assert.Equal(0, tree.OomKills("/swarm/gone"));
        Assert.Equal(["a", "b"], tree.Children("/swarm"));
    }

    [Fact]
    public void Removal_takes_children_first_and_is_idempotent()
    {
        Put("cgroup.controllers", "");
        Directory.CreateDirectory(_root + "/swarm/a/b/c");
        Directory.CreateDirectory(_root + "/swarm/other");
        var tree = new CgroupTree(_root);
        Assert.True(tree.Remove("/swarm/a"));
        Assert.True(tree.Remove("/swarm/a"));
        Assert.False(Directory.Exists(_root + "/swarm/a"));
        Assert.True(Directory.Exists(_root + "/swarm/other"));
    }

    private void Put(string path, string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(_root, path))!);
        File.WriteAllText(Path.Combine(_root, path), content);
    }
}
