using System.Diagnostics;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Torture.Containers;

/// <summary>Containers that end by themselves, with a code that is known before, or for lack of memory.</summary>
internal sealed class EndingTasks(NodeClient client, Random random)
{
    private const int MaxLines = 25;
    private const int MaxCode = 120;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(40);
    private readonly Dictionary<string, Expected> _open = [];
    private readonly Queue<string> _done = new();
    private int _next;

    internal int Checked { get; private set; }

    internal int OutOfMemory { get; private set; }

    internal int Open => _open.Count;

    /// <summary>What a round begins: old ones go, new ones come. Drawn at once, done one after the other.</summary>
    internal Func<Task> Draw(int count)
    {
        var gone = _done.ToArray();
        _done.Clear();
        var specs = Enumerable.Range(0, Math.Max(0, count - _open.Count)).Select(_ => DrawOne()).ToArray();
        return async () =>
        {
            foreach (var id in gone)
                await client.RemoveAsync(id).ConfigureAwait(false);
            foreach (var (spec, expected) in specs)
                _open[await client.CreateAsync(spec).ConfigureAwait(false)] = expected with { At = Now() };
        };
    }

    /// <summary>Judges those that have ended.</summary>
    internal async Task CheckAsync(Faults faults)
    {
        if (_open.Count == 0)
            return;
        var tasks = (await client.TasksAsync([.. _open.Keys]).ConfigureAwait(false)).ToLookup(t => t.ServiceId);
        foreach (var (id, expected) in _open.ToArray())
        {
            var own = tasks[id].ToArray();
            if (own.Length > 1)
                faults.Add($"{expected.Name} has {own.Length} tasks");
            if (own is not [{ } task] || !((TaskState)task.Status.State).IsTerminal())
            {
                if (Stopwatch.GetElapsedTime(expected.At) > Longest)
                    faults.Add($"{expected.Name} does not end: {own.FirstOrDefault()?.Status}");
                else
                    continue;
            }
            else
            {
                await JudgeAsync(task, expected, faults).ConfigureAwait(false);
            }

            _open.Remove(id);
            _done.Enqueue(id);
        }
    }

    internal async Task RemoveAsync()
    {
        foreach (var id in _done.Concat(_open.Keys))
            await client.RemoveAsync(id).ConfigureAwait(false);
    }

    private (ServiceSpec Spec, Expected Expected) DrawOne()
    {
        var (name, lines, eats) = ($"ending-{++_next}", random.Next(1, MaxLines), random.Next(4) == 0);
        var code = eats ? Programs.OomCode : random.Next(3) == 0 ? 0 : random.Next(1, MaxCode);
        var spec = eats ? Programs.Eating(name, lines) : Programs.Ending(name, lines, code);
        return (spec, new Expected(name, lines, code, eats, 0));
    }

    private async Task JudgeAsync(TaskView task, Expected expected, Faults faults)
    {
        var status = task.Status;
        var state = expected.Code == 0 ? TaskState.Complete : TaskState.Failed;
        if (!status.HasExitCode || status.ExitCode != expected.Code || (TaskState)status.State != state)
            faults.Add($"{expected.Name} had to be {state} with {expected.Code}: {status}");
        if (status.OutOfMemory != expected.Eats)
            faults.Add($"{expected.Name}: out of memory is {status.OutOfMemory}: {status}");
        var log = await client.LogAsync(task.Id, -1).ConfigureAwait(false);
        if (log.Count != expected.Lines || Programs.Gap(log, fromFirst: true) is not null)
            faults.Add($"{expected.Name} wrote {expected.Lines} lines, its log has {log.Count}: "
                + Programs.Gap(log, fromFirst: true));
        Checked++;
        OutOfMemory += expected.Eats ? 1 : 0;
    }

    private static long Now() => Stopwatch.GetTimestamp();

    private sealed record Expected(string Name, int Lines, int Code, bool Eats, long At);
}
