using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Torture.Containers;

/// <summary>A service that is updated in every round: what is stopped tells so, and with which code.</summary>
internal sealed class ReplacedTasks
{
    private readonly NodeClient _client;
    private readonly string _service;
    private readonly int _replicas;
    private readonly HashSet<string> _judged = [];

    private ReplacedTasks(NodeClient client, string service, int replicas) =>
        (_client, _service, _replicas) = (client, service, replicas);

    internal int Count => _replicas;

    internal int Checked { get; private set; }

    internal int StoppedBySignal { get; private set; }

    internal static async Task<ReplacedTasks> CreateAsync(NodeClient client, int replicas)
    {
        var service = await client.CreateAsync(Programs.Replaced("replaced", replicas)).ConfigureAwait(false);
        await client.RunningAsync(service, replicas).ConfigureAwait(false);
        return new ReplacedTasks(client, service, replicas);
    }

    internal Task UpdateAsync(int round) => _client.ChangeAsync(_service, spec =>
    {
        spec.Task.Container.Env.Clear();
        spec.Task.Container.Env.Add($"ROUND={round}");
    });

    /// <summary>Waits until the update is through, then looks at what was stopped for it.</summary>
    internal async Task CheckAsync(int round, Faults faults)
    {
        IReadOnlyList<TaskView> tasks = [];
        await NodeClient.UntilAsync($"the update of round {round} is through", async () =>
        {
            tasks = await _client.TasksAsync(_service).ConfigureAwait(false);
            return tasks.Count(t => NodeClient.Runs(t) && t.Spec.Container.Env.Contains($"ROUND={round}"))
                    == _replicas
                && tasks.All(t => NodeClient.Runs(t) || ((TaskState)t.Status.State).IsTerminal());
        }).ConfigureAwait(false);
        foreach (var task in tasks.Where(t => !NodeClient.Runs(t) && _judged.Add(t.Id)))
            await JudgeAsync(task, faults).ConfigureAwait(false);
    }

    internal Task RemoveAsync() => _client.RemoveAsync(_service);

    private async Task JudgeAsync(TaskView task, Faults faults)
    {
        Checked++;
        var log = await _client.LogAsync(task.Id, -1).ConfigureAwait(false);
        if (!log.Contains("ready"))
        {
            // It was stopped before its program could hear: by SIGKILL, or before there was a program at all.
            if (task.Status.HasExitCode && task.Status.ExitCode is not Programs.OomCode)
                faults.Add($"{task.Name} was never ready and has: {task.Status}");
            return;
        }

        StoppedBySignal++;
        if (log is not ["ready", "term"] || !task.Status.HasExitCode || task.Status.ExitCode != Programs.TermCode)
            faults.Add($"{task.Name} wrote '{string.Join(", ", log)}' and has: {task.Status}");
    }
}
