namespace Swarm.Model;

/// <summary>Gathers faults with the path of the field that is being looked at.</summary>
internal sealed class FaultCollector
{
    /// <summary>More than this many are not listed: the first ones help, the rest is noise.</summary>
    private const int MaxFaults = 50;

    private readonly List<SpecFault> _faults;
    private readonly string _path;

    internal FaultCollector()
        : this([], "")
    {
    }

    private FaultCollector(List<SpecFault> faults, string path) => (_faults, _path) = (faults, path);

    internal IReadOnlyList<SpecFault> All => _faults;

    /// <summary>A collector for the fields below one field.</summary>
    internal FaultCollector Under(string field) => new(_faults, _path + field + ".");

    internal void Add(string field, string value, string rule, string remedy)
    {
        if (_faults.Count < MaxFaults)
        {
            _faults.Add(SpecFault.Shown(_path + field, value, rule, remedy));
        }
    }

    internal void NotNegative(string field, long ns)
    {
        if (ns < 0)
        {
            Add(field, $"{ns} ns", "a duration cannot be negative", "use 0 or more");
        }
    }
}
