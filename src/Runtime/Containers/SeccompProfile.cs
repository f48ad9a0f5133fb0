using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Swarm.Runtime.Containers;

/// <summary>
/// The system calls that a container may use: an allow-list (seccomp.json), widened by the capabilities it was given.
/// </summary>
internal sealed class SeccompProfile
{
    private const int NotPermitted = 1;
    private const int NotImplemented = 38;
    private static readonly string OwnArchitecture = RuntimeInformation.ProcessArchitecture == Architecture.Arm64
        ? "SCMP_ARCH_AARCH64"
        : "SCMP_ARCH_X86_64";

    private readonly ProfileDocument _document;
    private readonly ConcurrentDictionary<string, Lazy<byte[]>> _compiled = new(StringComparer.Ordinal);

    private SeccompProfile(ProfileDocument document) => _document = document;

    internal static SeccompProfile LoadDefault()
    {
        using var stream = typeof(SeccompProfile).Assembly.GetManifestResourceStream("Swarm.Runtime.seccomp.json")
            ?? throw new InvalidOperationException("the seccomp profile is missing from the assembly");
        var document = JsonSerializer.Deserialize<ProfileDocument>(stream, JsonSerializerOptions.Web);
        return new SeccompProfile(document!);
    }

    /// <summary>The kernel's form of the filter. Compiling costs about 20 ms, once per set of capabilities.</summary>
    internal byte[] Compile(IReadOnlyList<string> capabilities)
    {
        var relevant = capabilities.Where(_document.WithCapability.ContainsKey).ToArray();
        return _compiled.GetOrAdd(
            string.Join(' ', relevant), _ => new Lazy<byte[]>(() => SeccompNative.Compile(Rules(relevant)))).Value;
    }

    /// <summary>The same for runtimes that compile it themselves.</summary>
    internal JsonObject ToOci(IReadOnlyList<string> capabilities)
    {
        var plain = new List<string>();
        var syscalls = new JsonArray();
        foreach (var rule in Rules(capabilities))
        {
            if (rule.Errno == 0 && rule.Condition is null)
                plain.Add(rule.Name);
            else
                syscalls.Add(OciRule(rule));
        }
        syscalls.Add(new JsonObject { ["names"] = BundleWriter.Strings(plain), ["action"] = "SCMP_ACT_ALLOW" });
        return new JsonObject
        {
            ["defaultAction"] = "SCMP_ACT_ERRNO",
            ["defaultErrnoRet"] = NotPermitted,
            ["architectures"] = BundleWriter.Strings([OwnArchitecture]),
            ["syscalls"] = syscalls,
        };
    }

    internal IEnumerable<SeccompRule> Rules(IReadOnlyList<string> capabilities)
    {
        var widened = capabilities.Where(_document.WithCapability.ContainsKey)
            .SelectMany(c => _document.WithCapability[c]).ToHashSet(StringComparer.Ordinal);
        var allowed = _document.Allow.Concat(widened).ToHashSet(StringComparer.Ordinal);
        foreach (var name in allowed.Order(StringComparer.Ordinal))
            yield return new SeccompRule(name, 0, null);
        foreach (var name in _document.Unknown.Where(n => !allowed.Contains(n)))
            yield return new SeccompRule(name, NotImplemented, null);
        foreach (var condition in _document.Conditional.Where(c => !allowed.Contains(c.Name)))
            yield return new SeccompRule(condition.Name, 0, condition);
    }

    private static JsonObject OciRule(SeccompRule rule)
    {
        var result = new JsonObject
        {
            ["names"] = BundleWriter.Strings([rule.Name]),
            ["action"] = rule.Errno == 0 ? "SCMP_ACT_ALLOW" : "SCMP_ACT_ERRNO",
        };
        if (rule.Errno != 0)
            result["errnoRet"] = rule.Errno;
        if (rule.Condition is { } condition)
        {
            result["args"] = new JsonArray(new JsonObject
            {
                ["index"] = condition.Argument,
                ["value"] = condition.Mask,
                ["valueTwo"] = condition.EqualTo,
                ["op"] = "SCMP_CMP_MASKED_EQ",
            });
        }
        return result;
    }

    private sealed record ProfileDocument(
        string[] Allow,
        string[] Unknown,
        SeccompCondition[] Conditional,
        Dictionary<string, string[]> WithCapability);
}

/// <summary>Allowed only when (argument &amp; mask) equals a value.</summary>
internal sealed record SeccompCondition(
    string Name,
    uint Argument,
    ulong Mask,
    [property: System.Text.Json.Serialization.JsonPropertyName("equals")] ulong EqualTo);

/// <param name="Errno">0 = allow, otherwise the error that the call returns.</param>
internal sealed record SeccompRule(string Name, int Errno, SeccompCondition? Condition);
