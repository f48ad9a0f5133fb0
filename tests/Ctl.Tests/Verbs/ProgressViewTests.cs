using Swarm.Ctl.Verbs;
using Swarm.Model;
using Swarm.Protocol.V1;
using TaskStatus = Swarm.Protocol.V1.TaskStatus;

namespace Swarm.Ctl.Tests.Verbs;

/// <summary>What a script's log holds: docker's words, each line once.</summary>
public sealed class ProgressViewTests
{
    [Fact]
    public void A_rollback_says_why_and_how_far_it_is()
    {
        var picture = Picture(new ServiceSpec { Replicated = new ReplicatedMode { Replicas = 2 } });
        picture.Service.UpdateStatus = new UpdateStatus
        {
            State = UpdateStatus.Types.State.RollbackStarted, Message = "manually requested rollback",
        };
        Assert.Equal(
            "rollback: manually requested rollback\noverall progress: rolling back update: 0 out of 2 tasks\n"
            + "overall progress: rolling back update: 1 out of 2 tasks\n",
            Shown(picture, p => p.Tasks.Add(Task(1, TaskState.Running))));
    }

    [Fact]
    public void A_job_counts_completions_and_active_tasks()
    {
        var picture = Picture(new ServiceSpec
        {
            ReplicatedJob = new ReplicatedJobMode { MaxConcurrent = 2, TotalCompletions = 4 },
        });
        picture.Tasks.Add(Task(1, TaskState.Running));
        Assert.Equal(
            "job progress: 0 out of 4 complete\nactive tasks: 1 out of 2 tasks\njob progress: 1 out of 4 complete\n"
            + "active tasks: 0 out of 2 tasks\n",
            Shown(picture, p => p.Tasks[0].Status.State = (int)TaskState.Complete));
    }

    [Fact]
    public void A_reason_is_told_once()
    {
        var picture = Picture(new ServiceSpec { Replicated = new ReplicatedMode { Replicas = 1 } });
        picture.Tasks.Add(Task(1, TaskState.Pending));
        picture.Tasks[0].Status.Error = "no suitable node (insufficient resources on 3 nodes)";
        Assert.Equal(
            "overall progress: 0 out of 1 tasks\n1/1: no suitable node (insufficient resources on 3 nodes)\n",
            Shown(picture, _ => { }));
    }

    private static string Shown(WatchServiceResponse picture, Action<WatchServiceResponse> change)
    {
        using var text = new StringWriter();
        var (view, watch) = (new ProgressView(text, isTerminal: false), new ServiceWatch());
        watch.Take(picture);
        view.Show(watch);
        change(picture);
        watch.Take(picture);
        view.Show(watch);
        return text.ToString();
    }

    private static WatchServiceResponse Picture(ServiceSpec spec)
    {
        spec.Task = new TaskSpec { Container = new ContainerSpec { Image = "web:1" } };
        return new WatchServiceResponse { Service = new ServiceView { Id = "s", SpecVersion = 1, Spec = spec } };
    }

    private static TaskView Task(ulong slot, TaskState state) => new()
    {
        Id = $"t{slot}", Slot = slot, Name = $"web.{slot}", SpecVersion = 1, DesiredState = (int)TaskState.Running,
        Status = new TaskStatus { State = (int)state },
    };
}
