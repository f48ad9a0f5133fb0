namespace Swarm.Runtime.Images;

/// <summary>
/// The path of a layer's entry, checked: relative, without <c>..</c>, within the limits. Empty for the root itself.
/// </summary>
internal sealed class EntryPath
{
    private EntryPath(byte[][] names) => Names = names;

    /// <summary>Components, each with a zero at its end.</summary>
    internal byte[][] Names { get; }

    internal bool IsRoot => Names.Length == 0;

    internal byte[] Leaf => Names[^1];

    /// <exception cref="ImageException">The path breaks a rule.</exception>
    internal static EntryPath Parse(ReadOnlySpan<byte> path, string what)
    {
        if (path.Length > LayerLimits.MaxPathBytes)
            throw Refused(path, what, $"it is longer than {LayerLimits.MaxPathBytes} bytes");
        if (path is [(byte)'/', ..])
            throw Refused(path, what, "it is absolute");
        if (path.Contains((byte)0) || path.IsEmpty)
            throw Refused(path, what, "it is empty or has a zero byte");
        var names = new List<byte[]>();
        foreach (var range in path.Split((byte)'/'))
        {
            var name = path[range];
            if (name.SequenceEqual(".."u8))
                throw Refused(path, what, "it has '..'");
            if (name.Length > LayerLimits.MaxNameBytes)
                throw Refused(path, what, $"a name is longer than {LayerLimits.MaxNameBytes} bytes");
            if (!name.IsEmpty && !name.SequenceEqual("."u8))
                names.Add(NativeName.Of(name));
        }

        return names.Count <= LayerLimits.MaxDepth
            ? new EntryPath([.. names])
            : throw Refused(path, what, $"it is deeper than {LayerLimits.MaxDepth} directories");
    }

    /// <summary>The first <paramref name="count"/> components as one path for the kernel; "." for none.</summary>
    internal byte[] Prefix(int count)
    {
        if (count == 0)
            return [(byte)'.', 0];
        var joined = new byte[Names.Take(count).Sum(n => n.Length)];
        var at = 0;
        foreach (var name in Names.AsSpan(0, count))
        {
            name.CopyTo(joined, at);
            at += name.Length;
            joined[at - 1] = (byte)'/';
        }

        joined[^1] = 0;
        return joined;
    }

    /// <summary>The first components as a key: one character per byte.</summary>
    internal string Key(int count) =>
        count == 0 ? "" : System.Text.Encoding.Latin1.GetString(Prefix(count).AsSpan()[..^1]);

    internal string Shown => NativeName.Show(Prefix(Names.Length));

    private static ImageException Refused(ReadOnlySpan<byte> path, string what, string rule) =>
        ImageException.Invalid($"layer entry \"{NativeName.Show(path)}\" is refused: {what}: {rule}");
}
