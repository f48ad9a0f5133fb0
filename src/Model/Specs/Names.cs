using System.Text.RegularExpressions;

namespace Swarm.Model;

/// <summary>What may be a name (behaviour.md A).</summary>
public static partial class Names
{
    /// <summary>A DNS label has 63 characters at most.</summary>
    public const int MaxServiceNameChars = 63;

    /// <summary>True for names of services and networks.</summary>
    public static bool IsDnsLabel(string name) =>
        name.Length is > 0 and <= MaxServiceNameChars && DnsLabel().IsMatch(name);

    internal static void CheckService(string name, FaultCollector faults)
    {
        if (name.Length > MaxServiceNameChars)
        {
            faults.Add("name", name, "name must be 63 characters or fewer", "choose a shorter name");
        }
        else if (!IsDnsLabel(name))
        {
            faults.Add(
                "name", name, "name must be valid as a DNS name component",
                "use letters, digits, - and _, beginning and ending with a letter or digit");
        }
    }

    [GeneratedRegex("^[a-zA-Z0-9](?:[-_]*[A-Za-z0-9]+)*$", RegexOptions.NonBacktracking)]
    private static partial Regex DnsLabel();
}
