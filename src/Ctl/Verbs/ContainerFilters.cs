using System.Globalization;
using Swarm.Ctl.Cli;
using Swarm.Ctl.Format;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>Filters of `container ls`; of several with one key one has to fit, of labels all.</summary>
internal sealed class ContainerFilters
{
    private static readonly string[] Keys =
    [
        "ancestor", "before", "exited", "health", "id", "is-task", "label", "name", "publish", "since", "status",
        "volume",
    ];

    private readonly ILookup<string, string> _filters;

    internal ContainerFilters(string[] texts)
    {
        _filters = VerbParts.Filters(texts, Keys);
        foreach (var code in _filters["exited"])
        {
            Units.Count("--filter exited", code, 255);
        }

        foreach (var state in _filters["status"].Where(s => s is not ("created" or "running" or "exited")))
        {
            throw new UsageException($"--filter 'status={state}': use created, running or exited");
        }
    }

    /// <summary>They ask for containers that do not run, so those are listed too.</summary>
    internal bool WantsAll => _filters.Contains("status") || _filters.Contains("exited");

    internal IEnumerable<ContainerView> Of(IReadOnlyList<ContainerView> all)
    {
        var before = _filters["before"].Select(n => Created(all, n)).DefaultIfEmpty(long.MaxValue).Min();
        var since = _filters["since"].Select(n => Created(all, n)).DefaultIfEmpty(long.MinValue).Max();
        return all.Where(c => c.CreatedNs < before && c.CreatedNs > since && Fits(c));
    }

    private bool Fits(ContainerView c) =>
        Any("id", v => c.Id.StartsWith(v, StringComparison.Ordinal))
        && Any("name", v => c.Name.Contains(v.TrimStart('/'), StringComparison.Ordinal))
        && Any("status", v => v == ContainerRows.State(c))
        && Any("exited", v => c.State == ContainerView.Types.State.Exited
            && v == c.ExitCode.ToString(CultureInfo.InvariantCulture))
        && Any("health", v => v == (c.Health.Length > 0 ? c.Health : "none"))
        && Any("is-task", v => v is "true" or "1" == c.ServiceId.Length > 0)
        && Any("ancestor", v => c.Image == v || c.ImageDigest == v || WithoutTag(c.Image) == v
            || c.Image.Split('@')[0] == v)
        && Any("volume", v => c.Mounts.Any(m => m.Name == v || m.Target == v || m.Source == v))
        && Any("publish", v => c.Ports.Any(p => p.Split(':')[0] == v.Split('/')[0]))
        && _filters["label"].All(v => HasLabel(c, v));

    private bool Any(string key, Func<string, bool> fits) => !_filters.Contains(key) || _filters[key].Any(fits);

    private static string WithoutTag(string image) => ImageParts.Split(image.Split('@')[0]).Repository;

    private static bool HasLabel(ContainerView container, string label)
    {
        var (key, value) = KeyOf(label);
        return container.Labels.TryGetValue(key, out var found) && (value is null || found == value);
    }

    private static (string Key, string? Value) KeyOf(string label)
    {
        var equals = label.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? (label, null) : (label[..equals], label[(equals + 1)..]);
    }

    private static long Created(IReadOnlyList<ContainerView> all, string name) =>
        all.FirstOrDefault(c => c.Name == name || c.Id.StartsWith(name, StringComparison.Ordinal))?.CreatedNs
        ?? throw new CtlException(ExitCode.NotFound, $"--filter: no such container: {name}");
}
