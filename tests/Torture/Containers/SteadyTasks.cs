using Swarm.Protocol.V1;

namespace Swarm.Torture.Containers;

/// <summary>Containers that nothing ends: the same processes from the first round to the last.</summary>
internal sealed class SteadyTasks
{
    private const long Tail = 200;
    private readonly Lab _lab;
    private readonly string _host;
    private readonly NodeClient _client;
    private readonly (string Service, bool WholeLog)[] _services;
    private readonly Dictionary<string, (int Pid, string StartedAt, bool WholeLog)> _known = [];

    private SteadyTasks(Lab lab, string host, NodeClient client, (string, bool)[] services) =>
        (_lab, _host, _client, _services) = (lab, host, client, services);

    internal int Count => _known.Count;

    internal static async Task<SteadyTasks> CreateAsync(Lab lab, string host, NodeClient client, int count)
    {
        var turning = Math.Max(1, count / 5);
        var steady = await client.CreateAsync(Programs.Steady("steady", count - turning)).ConfigureAwait(false);
        var turns = await client.CreateAsync(Programs.Turning("turning", turning)).ConfigureAwait(false);
        var tasks = new SteadyTasks(lab, host, client, [(steady, true), (turns, false)]);
        await tasks.NoteAsync(steady, count - turning, wholeLog: true).ConfigureAwait(false);
        await tasks.NoteAsync(turns, turning, wholeLog: false).ConfigureAwait(false);
        return tasks;
    }

    /// <summary>The node sees all of them run, with the processes that they had.</summary>
    internal async Task<bool> AreAdoptedAsync() =>
        await _client.ContainersAsync(all: false).ConfigureAwait(false) is { } seen
        && _known.All(known => seen.Any(c => c.Id == known.Key && c.Pid == known.Value.Pid));

    /// <summary>None was replaced, none has another process, and the log of one of them has no gap.</summary>
    internal async Task CheckAsync(Faults faults, Random random)
    {
        var tasks = await _client.TasksAsync([.. _services.Select(s => s.Service)]).ConfigureAwait(false);
        foreach (var task in tasks.Where(t => !_known.ContainsKey(t.Id)))
            faults.Add($"{task.Name} was restarted: {task.Id} is new");
        foreach (var (id, known) in _known)
        {
            if (tasks.FirstOrDefault(t => t.Id == id) is not { } task || !NodeClient.Runs(task))
                faults.Add($"task {id} does not run any more");
            else if (task.Status.Pid != known.Pid || _lab.StartTimeOf(_host, known.Pid) != known.StartedAt)
                faults.Add($"{task.Name} has another process than {known.Pid}: {task.Status.Pid}");
        }

        var drawn = _known.Keys.Order(StringComparer.Ordinal).ElementAt(random.Next(_known.Count));
        if (Programs.Gap(await _client.LogAsync(drawn, Tail).ConfigureAwait(false), fromFirst: false) is { } gap)
            faults.Add($"log of {drawn}: {gap}");
    }

    /// <summary>Every line of every log; gives their number.</summary>
    internal async Task<long> CheckLogsAsync(Faults faults)
    {
        var lines = 0L;
        foreach (var (id, known) in _known)
        {
            var log = await _client.LogAsync(id, -1).ConfigureAwait(false);
            if (log.Count == 0)
                faults.Add($"log of {id} is empty");
            if (Programs.Gap(log, known.WholeLog) is { } gap)
                faults.Add($"log of {id} ({log.Count} lines): {gap}");
            lines += log.Count;
        }

        return lines;
    }

    internal async Task RemoveAsync()
    {
        foreach (var (service, _) in _services)
            await _client.RemoveAsync(service).ConfigureAwait(false);
    }

    private async Task NoteAsync(string service, int count, bool wholeLog)
    {
        foreach (var task in await _client.RunningAsync(service, count).ConfigureAwait(false))
            _known[task.Id] = (task.Status.Pid, _lab.StartTimeOf(_host, task.Status.Pid), wholeLog);
    }
}
