namespace Swarm.Runtime.Tests.Images;

/// <summary>
/// Layers as a builder writes them, one change upon the other: every kind of entry, replacements of every kind by every
/// other, whiteouts, opaque directories, attributes, odd modes, owners and times. What was made is remembered, so that
/// each layer fits what is below it.
/// </summary>
internal sealed class RandomLayers(int seed)
{
    private const int MaxChanges = 6;
    private static readonly string[] s_names = ["a", "b", "c", "ünï", "sp ce", new string('n', 120)];
    private readonly Random _random = new(seed);

    /// <summary>Paths that are there: a directory, a file with one name, or something else.</summary>
    private readonly SortedDictionary<string, char> _tree = new(StringComparer.Ordinal);

    internal IEnumerable<byte[]> Make(int count)
    {
        for (var i = 0; i < count; i++)
        {
            var layer = new TestTar();
            var touched = new HashSet<string>();
            // Each layer has a file of its own, so that none is like another.
            layer.File($"layer{i}", $"{seed} {i}", mtime: 1000 + i);
            for (var change = _random.Next(1, MaxChanges); change > 0; change--)
                Change(layer, i, touched);
            yield return layer.Bytes();
        }
    }

    private void Change(TestTar layer, int index, HashSet<string> touched)
    {
        var parents = _tree.Where(e => e.Value == 'd').Select(e => e.Key).Append("").ToList();
        var parent = parents[_random.Next(parents.Count)];
        var path = (parent.Length > 0 ? parent + "/" : "") + s_names[_random.Next(s_names.Length)];
        // A builder's layer says one thing about a name, and nothing about what it has just replaced.
        var isThere = _tree.TryGetValue(path, out var old);
        // Overlayfs counts the names of a file within its layer, umoci those that are left: a pair stays a pair.
        if (path.Count(c => c == '/') > 4 || old == 'h' || touched.Any(t => Overlaps(t, path)))
            return;
        touched.Add(path);
        switch (_random.Next(8))
        {
            case 0 when isThere:
                var slash = path.LastIndexOf('/') + 1;
                Put(layer, path[..slash] + ".wh." + path[slash..], '0', "");
                Forget(path);
                break;
            case 1 when old == 'd':
                Put(layer, path, '5');
                Put(layer, path + "/.wh..wh..opq", '0', "");
                Forget(path + "/");
                break;
            case 2 or 3:
                if (old != 'd')
                    Forget(path);
                Put(layer, path, '5');
                _tree[path] = 'd';
                break;
            case 4:
                Forget(path);
                Put(layer, path, '2', link: _random.Next(2) == 0 ? "../a" : "/no/where");
                _tree[path] = 'l';
                break;
            case 5 when !isThere && !_tree.ContainsKey(path + "2"):
                Put(layer, path, '0', $"linked {index}");
                Put(layer, path + "2", '1', link: path);
                _tree[path] = _tree[path + "2"] = 'h';
                touched.Add(path + "2");
                break;
            case 6:
                Forget(path);
                Put(layer, path, '6');
                _tree[path] = 'p';
                break;
            default:
                Forget(path);
                Put(layer, path, '0', new string((char)('a' + index % 26), _random.Next(5000)));
                _tree[path] = 'f';
                break;
        }
    }

    private static bool Overlaps(string one, string other) =>
        one == other || one.StartsWith(other + "/", StringComparison.Ordinal)
        || other.StartsWith(one + "/", StringComparison.Ordinal);

    /// <summary>The name and what is below it; only below it when it ends with a slash.</summary>
    private void Forget(string path)
    {
        var below = path.TrimEnd('/') + "/";
        foreach (var gone in _tree.Keys
            .Where(k => k == path || k.StartsWith(below, StringComparison.Ordinal)).ToList())
            _tree.Remove(gone);
    }

    /// <summary>Long and odd names, times and attributes go into an extended header, as GNU tar does it.</summary>
    private void Put(TestTar layer, string path, char type, string content = "", string link = "")
    {
        var records = new List<(string, string)> { ("path", path), ("mtime", $"{_random.Next(1, 99999)}.5") };
        if (link.Length > 0)
            records.Add(("linkpath", link));
        if (type is '0' or '5' && !path.Contains(".wh.", StringComparison.Ordinal) && _random.Next(3) == 0)
            records.Add(("SCHILY.xattr.user.note", $"note {_random.Next(100)}"));
        layer.Pax([.. records]);
        var bytes = System.Text.Encoding.UTF8.GetBytes(content);
        int[] modes = type == '5' ? [0x1ED, 0x1C0, 0x3FF, 0x5ED] : [0x1A4, 0x180, 0x9ED, 0x5ED, 0];
        layer.Entry(
            "x", type, bytes, mode: modes[_random.Next(modes.Length)], uid: _random.Next(3) * 500,
            gid: _random.Next(3) * 70);
    }
}
