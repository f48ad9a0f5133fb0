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

    [Fact]
    public void The_values_of_some_keys_come_in_the_order_of_these_keys_until_there_are_enough() =>
        Prop.ForAll(
            ArbMap.Default.ArbFor<(int Key, bool Marked)[]>(), ArbMap.Default.ArbFor<byte>(),
            (keys, most) =>
            {
                // In all sizes: the keys of a case are few.
                var values = PersistentDictionary<TaskId, string>.Empty.ToBuilder();
                var marks = PersistentDictionary<TaskId, bool>.Empty.ToBuilder();
                foreach (var (key, marked) in keys.SelectMany(k => Enumerable.Range(k.Key % 50, 40).Select(
                    i => (Key: i, Marked: k.Marked && i % 3 > 0))))
                {
                    values.Set(new TaskId($"k{key}"), $"v{key}");
                    if (marked)
                    {
                        marks.Set(new TaskId($"k{key}"), true);
                    }
                }

                var (all, map) = (marks.ToMap(), values.ToMap());
                var seen = new List<string>();
                PersistentJoin.Visit(all, map, v =>
                {
                    seen.Add(v);
                    return seen.Count <= most;
                });
                Assert.Equal(all.Keys.Select(k => map[k]).Take(most + 1), seen);
            }).QuickCheckThrowOnFailure();

    [Fact]
    public void Keys_in_the_order_of_their_place_are_in_the_order_of_the_map()
    {
        var builder = PersistentDictionary<TaskId, int>.Empty.ToBuilder();
        for (var i = 0; i < 10_000; i++)
        {
            builder.Set(new TaskId($"task{i}"), i);
        }

        var places = builder.ToMap().Keys.Select(k => StableHash.Place(k.Value)).ToList();
        Assert.Equal(places.Order(), places);
    }
}
