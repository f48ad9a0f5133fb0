using System.Globalization;
using Swarm.Ctl.Verbs;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Format;

/// <summary>`service inspect --pretty`, in docker's layout.</summary>
internal static class ServicePretty
{
    internal static void Print(TextWriter output, ServiceView view)
    {
        var spec = view.Spec;
        output.WriteLine();
        output.WriteLine($"ID:\t\t{view.Id}");
        output.WriteLine($"Name:\t\t{spec.Name}");
        Labels(output, spec.Labels);
        Mode(output, view);

        Status(output, view.UpdateStatus);
        Placement(output, spec.Task.Placement);
        Policy(output, "UpdateConfig", "Update", spec.Update);
        Policy(output, "RollbackConfig", "Rollback", spec.Rollback);
        Container(output, spec.Task.Container);
        ContainerPretty.Print(output, spec.Task);
        Resources(output, spec.Task);
        output.WriteLine("Endpoint Mode:\tvip");
        Ports(output, view);
        output.WriteLine();
    }

    /// <summary>Docker leaves the lines of jobs empty; these say what its other lines would.</summary>
    private static void Mode(TextWriter output, ServiceView view)
    {
        var spec = view.Spec;
        switch (spec.ModeCase)
        {
            case ServiceSpec.ModeOneofCase.Global:
                output.WriteLine("Service Mode:\tGlobal");
                return;
            case ServiceSpec.ModeOneofCase.ReplicatedJob:
                output.WriteLine("Service Mode:\tReplicated Job");
                output.WriteLine($" Max Concurrent:\t{spec.MaxConcurrent()}");
                output.WriteLine($" Total Completions:\t{spec.TotalCompletions()}");
                break;
            case ServiceSpec.ModeOneofCase.GlobalJob:
                output.WriteLine("Service Mode:\tGlobal Job");
                break;
            default:
                output.WriteLine("Service Mode:\tReplicated");
                output.WriteLine($" Replicas:\t{spec.Replicas()}");
                return;
        }

        output.WriteLine("JobStatus:");
        output.WriteLine($" Iteration:\t{view.JobIteration}");
        output.WriteLine($" Started:\t{Ago.Since(view.JobStartedAtNs)}");
        output.WriteLine($" Completed:\t{view.CompletedTasks}/{view.TotalCompletions}");
    }

    private static void Labels(TextWriter output, IDictionary<string, string> labels)
    {
        if (labels.Count == 0)
        {
            return;
        }

        output.WriteLine("Labels:");
        foreach (var (key, value) in labels.OrderBy(l => l.Key, StringComparer.Ordinal))
        {
            output.WriteLine($" {key}={value}");
        }
    }

    private static void Status(TextWriter output, UpdateStatus? status)
    {
        if (status is null)
        {
            return;
        }

        output.WriteLine("UpdateStatus:");
        output.WriteLine($" State:\t\t{Words.Update(status.State)}");
        output.WriteLine($" Started:\t{Ago.Since(status.StartedAtNs)}");
        if (status.CompletedAtNs > 0 && status.State == UpdateStatus.Types.State.Completed)
        {
            output.WriteLine($" Completed:\t{Ago.Since(status.CompletedAtNs)}");
        }

        output.WriteLine($" Message:\t{status.Message}");
    }

    private static void Placement(TextWriter output, Placement? placement)
    {
        output.WriteLine("Placement:");
        if (placement?.Constraints.Count > 0)
        {
            output.WriteLine($" Constraints:\t[{string.Join(' ', placement.Constraints)}]");
        }

        if (placement?.Preferences.Count > 0)
        {
            output.WriteLine($" Preferences:   [{string.Join(' ', placement.Preferences)}]");
        }

        if (placement?.MaxReplicasPerNode > 0)
        {
            output.WriteLine($" Max Replicas Per Node:   {placement.MaxReplicasPerNode}");
        }
    }

    private static void Policy(TextWriter output, string title, string kind, UpdatePolicy? policy)
    {
        output.WriteLine($"{title}:");
        output.WriteLine($" Parallelism:\t{policy.ParallelismOrDefault()}");
        if (policy?.DelayNs > 0)
        {
            output.WriteLine($" Delay:\t\t{Spans.Go(policy.DelayNs)}");
        }

        output.WriteLine($" On failure:\t{Words.Action(policy)}");
        output.WriteLine($" Monitoring Period: {Spans.Go(SpecDefaults.ToNs(policy.MonitorOrDefault()))}");
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $" Max failure ratio: {policy?.MaxFailureRatio ?? 0:0.##}"));
        output.WriteLine($" {(kind + " order:").PadRight(19)}{Words.Order(policy)}");
    }

    private static void Container(TextWriter output, ContainerSpec container)
    {
        output.WriteLine("ContainerSpec:");
        output.WriteLine($" Image:\t\t{container.Image}");
        void Words(string name, IReadOnlyCollection<string> words)
        {
            if (words.Count > 0)
            {
                output.WriteLine($" {name}:\t\t{string.Join(' ', words)} ");
            }
        }

        Words("Command", container.Command);
        Words("Args", container.Args);
        Words("Env", container.Env);
        if (container.Workdir.Length > 0)
        {
            output.WriteLine($" Dir:\t\t{container.Workdir}");
        }

        output.WriteLine($" Init:\t\t{(container.HasInit && container.Init ? "true" : "false")}");
        if (container.User.Length > 0)
        {
            output.WriteLine($" User: {container.User}");
        }
    }

    private static void Resources(TextWriter output, TaskSpec task)
    {
        output.WriteLine("Resources:");
        One(output, "Reservations", task.Reservations);
        One(output, "Limits", task.Limits);
    }

    private static void One(TextWriter output, string title, Resources? resources)
    {
        if (resources is null || resources.CalculateSize() == 0)
        {
            return;
        }

        output.WriteLine($" {title}:");
        if (resources.NanoCpus > 0)
        {
            output.WriteLine($"  CPU:\t\t{Spans.Cpus(resources.NanoCpus)}");
        }

        if (resources.MemoryBytes > 0)
        {
            output.WriteLine($"  Memory:\t{Spans.Bytes(resources.MemoryBytes)}");
        }

        if (resources.Pids > 0)
        {
            output.WriteLine($"  PIDs:\t\t{resources.Pids}");
        }

        foreach (var generic in resources.Generic)
        {
            output.WriteLine($"  {Swarm.Model.GenericResources.Text(generic)}");
        }
    }

    private static void Ports(TextWriter output, ServiceView view)
    {
        var ports = view.Ports.Count > 0 ? view.Ports : view.Spec.Endpoint?.Ports;
        if (ports is not { Count: > 0 })
        {
            return;
        }

        output.WriteLine("Ports:");
        foreach (var port in ports)
        {
            output.WriteLine($" PublishedPort = {port.PublishedPort}");
            output.WriteLine($"  Protocol = {Verbs.Words.Protocol(port)}");
            output.WriteLine($"  TargetPort = {port.TargetPort}");
            output.WriteLine($"  PublishMode = {Verbs.Words.Mode(port)} ");
        }
    }
}
