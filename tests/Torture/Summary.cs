using System.Globalization;

namespace Swarm.Torture;

/// <summary>The table at the end; what happens meanwhile goes to standard error.</summary>
internal sealed class Summary(string verb, Options options, Lab lab)
{
    private readonly List<(string Name, string Value)> _rows = [];
    private readonly List<string> _notes = [];
    private readonly string _loadBefore = MachineLoad();

    internal void Row(string name, string value) => _rows.Add((name, value));

    internal void Note(string text) => _notes.Add(text);

    internal static void Progress(string text) =>
        Console.Error.WriteLine($"{DateTime.Now.ToString("HH:mm:ss", CultureInfo.InvariantCulture)} {text}");

    internal void Print(bool holds)
    {
        Row("machine", $"{Environment.ProcessorCount} cores, load {_loadBefore} before, {MachineLoad()} after");
        Row("verdict", holds ? "holds" : "DOES NOT HOLD");
        Console.WriteLine($"torture {verb}, seed {options.Seed}, {lab.Hosts.Count} hosts");
        var width = _rows.Max(r => r.Name.Length);
        foreach (var (name, value) in _rows)
            Console.WriteLine($"  {name.PadRight(width)}  {value}");
        foreach (var note in _notes)
            Console.WriteLine(note);
    }

    private static string MachineLoad() => string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ')[..3]);
}
