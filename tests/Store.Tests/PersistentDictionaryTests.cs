using FsCheck;
using FsCheck.Fluent;
using Swarm.Model;

namespace Swarm.Store.Tests;

public sealed class PersistentDictionaryTests
{
    [Fact]
    public void It_is_what_a_dictionary_is_and_older_versions_stay_as_they_were() =>
        Prop.ForAll(
            ArbMap.Default.ArbFor<(byte Key, int Value, bool Remove, bool Cut)[]>(),
            steps =>
            {
                var model = new Dictionary<TaskId, int>();
                var kept = new List<(PersistentDictionary<TaskId, int> Map, Dictionary<TaskId, int> Model)>();
                var builder = PersistentDictionary<TaskId, int>.Empty.ToBuilder();
                foreach (var (key, value, remove, cut) in steps)
                {
                    var id = new TaskId($"k{key % 64}");
                    if (remove)
                    {
                        Assert.Equal(model.Remove(id), builder.Remove(id));
                    }
                    else
                    {
                        model[id] = value;
                        builder.Set(id, value);
                    }

                    if (cut)
                    {
                        kept.Add((builder.ToMap(), new(model)));
                    }
                }

                kept.Add((builder.ToMap(), model));
                foreach (var (map, expected) in kept)
                {
                    Assert.Equal(expected.Count, map.Count);
                    Assert.Equal(expected.OrderBy(p => p.Key), map.OrderBy(p => p.Key));
                    Assert.All(expected, p => Assert.Equal(p.Value, map[p.Key]));
                }
            }).QuickCheckThrowOnFailure();

    [Fact]
    public void Ten_thousand_keys_are_found_and_removed()
    {
        var builder = PersistentDictionary<TaskId, int>.Empty.ToBuilder();
        for (var i = 0; i < 10_000; i++)
        {
            builder.Set(new TaskId($"task{i}"), i);
        }

        var map = builder.ToMap();
        Assert.Equal(Enumerable.Range(0, 10_000), map.Values.Order());
        for (var i = 0; i < 10_000; i += 2)
        {
            Assert.True(builder.Remove(new TaskId($"task{i}")));
        }

        Assert.Equal((10_000, 5_000), (map.Count, builder.Count));
        Assert.False(builder.ToMap().ContainsKey(new TaskId("task0")));
        Assert.Equal(7, builder.ToMap()[new TaskId("task7")]);
    }
}
