using System.Globalization;
using System.Text.RegularExpressions;
using Swarm.Protocol.V1;

namespace Swarm.Model;

/// <summary>Rules of how logs are kept.</summary>
public static class LogRules
{
    /// <summary>Files of one log.</summary>
    public const int MostFiles = 100;

    /// <summary>Rotated files.</summary>
    public const string JsonFile = "json-file";

    /// <summary>Rotated files, as <see cref="JsonFile"/>.</summary>
    public const string Local = "local";

    /// <summary>The journal of the host, beside rotated files.</summary>
    public const string Journald = "journald";

    /// <summary>Nothing is kept.</summary>
    public const string None = "none";

    /// <summary>Option: size at which a file is closed.</summary>
    public const string MaxSize = "max-size";

    /// <summary>Option: number of files.</summary>
    public const string MaxFile = "max-file";

    /// <summary>Option: which labels of the container its lines have; names with commas between.</summary>
    public const string Labels = "labels";

    /// <summary>Option: the same by a regular expression.</summary>
    public const string LabelsRegex = "labels-regex";

    /// <summary>Option: which variables of the container its lines have; names with commas between.</summary>
    public const string Env = "env";

    /// <summary>Option: the same by a regular expression.</summary>
    public const string EnvRegex = "env-regex";

    /// <summary>Option: a name for the lines, with fields like {{.Name}}.</summary>
    public const string Tag = "tag";

    private const int ShortIdChars = 12;
    private const int MaxDetailChars = 4096;
    private const string TagFields = "use {{.ID}}, {{.FullID}}, {{.Name}}, {{.ImageName}} and {{.DaemonName}}";
    private const string Options = $"use {MaxSize}, {MaxFile}, {Labels}, {LabelsRegex}, {Env}, {EnvRegex} and {Tag}";
    private const long SmallestFileBytes = 64 * 1024;
    private const string Names = "json-file, local, journald or none";

    /// <summary>Size of a log file: "10m", "512k", "1g" or bytes; null when it is none.</summary>
    public static long? Size(string text)
    {
        if (text.Length == 0)
        {
            return null;
        }

        var shift = char.ToLowerInvariant(text[^1]) switch { 'k' => 10, 'm' => 20, 'g' => 30, _ => 0 };
        var digits = shift == 0 ? text : text[..^1];
        return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number is > 0 and < 1L << 32
            ? number << shift
            : null;
    }

    /// <summary>A pattern of an option, which takes time in proportion to what it is tried on.</summary>
    /// <exception cref="ArgumentException">It is none.</exception>
    public static Regex Pattern(string text) => new(text, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);

    /// <summary>The tag of a container's lines.</summary>
    /// <param name="text">The option.</param>
    /// <param name="id">Whole id of the container.</param>
    /// <param name="name">Its name.</param>
    /// <param name="image">As it was asked for.</param>
    /// <exception cref="FormatException">It has fields that are not known.</exception>
    public static string TagOf(string text, string id, string name, string image) => TemplateText.Expand(
        text,
        field => field switch
        {
            ".ID" => id[..Math.Min(id.Length, ShortIdChars)],
            ".FullID" => id,
            ".Name" => name,
            ".ImageName" => image,
            ".DaemonName" => "swarmd",
            _ => null,
        });

    internal static void Check(LogDriver? driver, FaultCollector faults)
    {
        if (driver is null)
        {
            return;
        }

        if (driver.Name is not (JsonFile or Local or Journald or None))
        {
            faults.Add("name", driver.Name, "this log driver is not in this version", "use " + Names);
        }

        foreach (var (key, value) in driver.Options.OrderBy(o => o.Key, StringComparer.Ordinal))
        {
            switch (key)
            {
                case MaxSize or MaxFile when driver.Name == None:
                    faults.Add($"options[{key}]", value, "driver none keeps nothing to limit", "leave it out");
                    break;
                case MaxSize when Size(value) is not >= SmallestFileBytes:
                    faults.Add($"options[{key}]", value, "is no size of 64k or more", "write 10m");
                    break;
                case MaxFile when !int.TryParse(
                    value, NumberStyles.None, CultureInfo.InvariantCulture, out var files)
                    || files is < 1 or > MostFiles:
                    faults.Add($"options[{key}]", value, $"is no number from 1 to {MostFiles}", "write 3");
                    break;
                case MaxSize or MaxFile:
                    break;
                case Labels or LabelsRegex or Env or EnvRegex or Tag:
                    Detail(driver, key, value, faults);
                    break;
                default:
                    faults.Add($"options[{key}]", value, "this log option is not in this version", Options);
                    break;
            }
        }
    }

    private static void Detail(LogDriver driver, string key, string value, FaultCollector faults)
    {
        if (driver.Name is not (JsonFile or Local))
        {
            faults.Add(
                $"options[{key}]", value, $"details of lines go with {JsonFile} and {Local}", "leave it out");
        }
        else if (value.Length > MaxDetailChars)
        {
            faults.Add($"options[{key}]", "", $"has more than {MaxDetailChars} characters", "write less");
        }
        else if (key is LabelsRegex or EnvRegex && !IsPattern(value))
        {
            faults.Add($"options[{key}]", value, "is no regular expression", "write ^app_ and its kind");
        }
        else if (key == Tag && !IsTag(value))
        {
            faults.Add($"options[{key}]", value, "has fields that are not known", TagFields);
        }
    }

    private static bool IsPattern(string text)
    {
        try
        {
            Pattern(text);
            return true;
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return false;
        }
    }

    private static bool IsTag(string text)
    {
        try
        {
            TagOf(text, "", "", "");
            return true;
        }
        catch (FormatException)
        {
            return false;
        }
    }
}
