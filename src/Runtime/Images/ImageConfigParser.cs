using System.Text.Json;
using System.Text.RegularExpressions;

namespace Swarm.Runtime.Images;

/// <summary>
/// Reads an image's config as a hostile document: every field is bounded and checked before anything uses it.
/// </summary>
internal static partial class ImageConfigParser
{
    internal const int MaxConfigBytes = 4 << 20;
    internal const int MaxListEntries = 4096;

    /// <summary>MAX_ARG_STRLEN: the kernel takes no longer argument or variable.</summary>
    internal const int MaxTextChars = 128 * 1024 - 1;

    /// <summary>Of entrypoint, command and environment together; the kernel takes 2 MiB with default limits.</summary>
    internal const int MaxProcessChars = 1 << 20;

    internal const int MaxUserChars = 256;
    internal const int MaxPathChars = 4095;
    private static readonly string[] s_kernelTrees = ["/proc", "/sys", "/dev"];
    private static readonly JsonDocumentOptions s_strict =
        new() { MaxDepth = ManifestParser.MaxJsonDepth, AllowDuplicateProperties = false };

    /// <exception cref="ImageException">A field breaks a rule; the message names it.</exception>
    internal static ImageConfig Parse(ReadOnlyMemory<byte> content)
    {
        try
        {
            using var json = JsonDocument.Parse(content, s_strict);
            return Config(json.RootElement);
        }
        catch (Exception e) when (
            e is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            throw new ImageException(
                ImageErrorKind.Invalid, "image config is no valid JSON document of its kind: " + e.Message, e);
        }
    }

    private static ImageConfig Config(JsonElement root)
    {
        var config = Property(root, "config");
        var platform = new ImagePlatform(
            Text(root, "os", MaxUserChars),
            Text(root, "architecture", MaxUserChars),
            Text(root, "variant", MaxUserChars));
        if (platform.Os is not ("" or "linux"))
            throw Broken("os", $"\"{platform.Os}\" is not linux");
        var result = new ImageConfig
        {
            Entrypoint = Texts(config, "Entrypoint"),
            Cmd = Texts(config, "Cmd"),
            Env = Texts(config, "Env"),
            WorkingDirectory = Text(config, "WorkingDir", MaxPathChars) is { Length: > 0 } cwd
                ? CleanPath("WorkingDir", cwd) : "",
            User = Matching(Text(config, "User", MaxUserChars), UserForm(), "User"),
            StopSignal = Matching(Text(config, "StopSignal", MaxUserChars), SignalForm(), "StopSignal"),
            ExposedPorts = [.. Keys(config, "ExposedPorts").Select(p => Matching(p, PortForm(), "ExposedPorts"))],
            Volumes = [.. Keys(config, "Volumes").Select(Volume)],
            Labels = Labels(config),
            Healthcheck = Property(config, "Healthcheck") is { ValueKind: JsonValueKind.Object } check
                ? check.GetRawText() : null,
            Created = DateTimeOffset.TryParse(
                Text(root, "created", MaxUserChars), System.Globalization.CultureInfo.InvariantCulture,
                System.Globalization.DateTimeStyles.AssumeUniversal, out var created) ? created : null,
            Platform = platform,
            DiffIds = DiffIds(root),
        };
        return Checked(result);
    }

    private static ImageConfig Checked(ImageConfig config)
    {
        var all = config.Entrypoint.Concat(config.Cmd).Concat(config.Env);
        if (all.Sum(t => (long)t.Length) > MaxProcessChars)
            throw Broken("Env", $"command and environment have more than {MaxProcessChars} characters");
        return config.Env.FirstOrDefault(e => e.Length == 0 || e[0] == '=') is { } bad
            ? throw Broken("Env", $"\"{Shown(bad)}\" has no name")
            : config;
    }

    private static List<ImageDigest> DiffIds(JsonElement root)
    {
        var rootfs = Property(root, "rootfs");
        var ids = new List<ImageDigest>();
        foreach (var text in Texts(rootfs, "diff_ids"))
        {
            ids.Add(ImageDigest.TryParse(text, out var id) ? id
                : throw Broken("rootfs.diff_ids", "a digest is not sha256"));
        }

        return ids;
    }

    /// <summary>Absolute, without "..", doubled slashes folded, outside the kernel's trees (CVE-2024-21626).</summary>
    private static string CleanPath(string field, string path)
    {
        if (path[0] != '/')
            throw Broken(field, $"\"{Shown(path)}\" is not absolute");
        var names = path.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(n => n != ".").ToList();
        if (names.Contains(".."))
            throw Broken(field, $"\"{Shown(path)}\" has '..'");
        var clean = "/" + string.Join('/', names);
        return s_kernelTrees.Any(t => clean == t || clean.StartsWith(t + "/", StringComparison.Ordinal))
            ? throw Broken(field, $"\"{Shown(path)}\" lies in /proc, /sys or /dev")
            : clean;
    }

    private static string Volume(string path) =>
        CleanPath("Volumes", path.Length == 0 ? "." : path) is var clean and not "/"
            ? clean
            : throw Broken("Volumes", "the root cannot be a volume");

    private static Dictionary<string, string> Labels(JsonElement config)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var key in Keys(config, "Labels"))
        {
            labels[key] = Checked(
                config.GetProperty("Labels").GetProperty(key).GetString() ?? "", "Labels", MaxTextChars);
        }

        return labels;
    }

    private static JsonElement Property(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : default;

    private static string Text(JsonElement element, string name, int maxChars) =>
        Property(element, name) is { ValueKind: not (JsonValueKind.Undefined or JsonValueKind.Null) } value
            ? Checked(value.GetString()!, name, maxChars)
            : "";

    private static List<string> Texts(JsonElement element, string name)
    {
        var list = Property(element, name);
        if (list.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
            return [];
        return list.GetArrayLength() > MaxListEntries
            ? throw Broken(name, $"more than {MaxListEntries} entries")
            : [.. list.EnumerateArray().Select(t => Checked(t.GetString() ?? "", name, MaxTextChars))];
    }

    private static List<string> Keys(JsonElement element, string name)
    {
        var map = Property(element, name);
        if (map.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
            return [];
        var keys = map.EnumerateObject().Take(MaxListEntries + 1).Select(p => Checked(p.Name, name, MaxPathChars))
            .ToList();
        return keys.Count > MaxListEntries ? throw Broken(name, $"more than {MaxListEntries} entries") : keys;
    }

    private static string Checked(string text, string field, int maxChars) =>
        text.Length > maxChars ? throw Broken(field, $"longer than {maxChars} characters")
        : text.Contains('\0') ? throw Broken(field, "a zero byte")
        : text;

    private static string Matching(string text, Regex form, string field) =>
        text.Length == 0 || form.IsMatch(text) ? text : throw Broken(field, $"\"{Shown(text)}\" has not the form");

    private static string Shown(string text) => NativeName.Show(NativeName.Of(text));

    private static ImageException Broken(string field, string rule) =>
        ImageException.Invalid($"image config is refused: {field}: {rule}");

    [GeneratedRegex(@"\A[^\s:\p{C}]*(:[^\s:\p{C}]+)?\z")]
    private static partial Regex UserForm();

    [GeneratedRegex(@"\A(?:[0-9]{1,2}|(?:SIG)?[A-Za-z][A-Za-z0-9]{1,9}(?:[+-][0-9]{1,2})?)\z")]
    private static partial Regex SignalForm();

    [GeneratedRegex(@"\A[0-9]{1,5}(?:-[0-9]{1,5})?(?:/(?:tcp|udp|sctp))?\z")]
    private static partial Regex PortForm();
}
