using FsCheck;
using FsCheck.Fluent;
using Swarm.Model;

namespace Swarm.Store.Tests;

public sealed class NodeTasksTests
{
    [Fact]
    public void The_ids_are_a_set_in_the_order_of_a_map_however_many_they_are() =>
        Prop.ForAll(ArbMap.Default.ArbFor<(byte Key, byte Span, bool Remove, bool Cut)[]>(), steps =>
        {
            var model = PersistentDictionary<TaskId, bool>.Empty.ToBuilder();
            var kept = new List<(NodeTasks Tasks, List<TaskId> Expected)> { (NodeTasks.None, []) };
            var draft = new NodeTaskIds(NodeTasks.None, new object());
            foreach (var (key, span, remove, cut) in steps)
            {
                for (var i = key % 50; i < (key % 50) + (span % 50); i++)
                {
                    var id = new TaskId($"k{i}");
                    if (remove)
                    {
                        model.Remove(id);
                        draft.Remove(id, StableHash.Of(id.Value));
                    }
                    else
                    {
                        model.Set(id, true);
                        draft.Add(id, StableHash.Of(id.Value));
                    }

                    Assert.Equal(model.Count, draft.Count);
                }

                if (cut)
                {
                    kept.Add((draft.With(NodeUsage.None), [.. model.ToMap().Keys]));
                    draft = new NodeTaskIds(kept[^1].Tasks, new object());
                }
            }

            kept.Add((draft.With(NodeUsage.None), [.. model.ToMap().Keys]));
            Assert.All(kept, k => Assert.Equal(k.Expected, k.Tasks.Ids));
        }).QuickCheckThrowOnFailure();
}
