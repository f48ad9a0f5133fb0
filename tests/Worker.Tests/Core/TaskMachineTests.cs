using FsCheck;
using FsCheck.Fluent;
using Swarm.Model;
using Swarm.Worker.Core;

namespace Swarm.Worker.Tests.Core;

public sealed class TaskMachineTests
{
    [Theory]
    [InlineData(TaskState.Running, TaskState.Assigned, ContainerPresence.None, TaskStep.Accept)]
    [InlineData(TaskState.Ready, TaskState.Accepted, ContainerPresence.None, TaskStep.Prepare)]
    [InlineData(TaskState.Running, TaskState.Preparing, ContainerPresence.None, TaskStep.Prepare)]
    [InlineData(TaskState.Ready, TaskState.Ready, ContainerPresence.Exists, TaskStep.None)]
    [InlineData(TaskState.Running, TaskState.Ready, ContainerPresence.Exists, TaskStep.Start)]
    [InlineData(TaskState.Running, TaskState.Starting, ContainerPresence.Exists, TaskStep.Start)]
    [InlineData(TaskState.Running, TaskState.Running, ContainerPresence.Exists, TaskStep.AwaitExit)]
    [InlineData(TaskState.Running, TaskState.Running, ContainerPresence.None, TaskStep.ReportLost)]
    [InlineData(TaskState.Shutdown, TaskState.Running, ContainerPresence.Exists, TaskStep.Stop)]
    [InlineData(TaskState.Shutdown, TaskState.Preparing, ContainerPresence.Exists, TaskStep.CallOff)]
    [InlineData(TaskState.Shutdown, TaskState.Running, ContainerPresence.None, TaskStep.CallOff)]
    [InlineData(TaskState.Shutdown, TaskState.Failed, ContainerPresence.Exists, TaskStep.Release)]
    [InlineData(TaskState.Shutdown, TaskState.Failed, ContainerPresence.None, TaskStep.None)]
    [InlineData(TaskState.Running, TaskState.Complete, ContainerPresence.Exists, TaskStep.Release)]
    [InlineData(TaskState.Remove, TaskState.Complete, ContainerPresence.Exists, TaskStep.Remove)]
    [InlineData(TaskState.Remove, TaskState.Running, ContainerPresence.Exists, TaskStep.Stop)]
    public void NextStep(TaskState desired, TaskState observed, ContainerPresence container, TaskStep expected) =>
        Assert.Equal(expected, TaskMachine.Next(desired, observed, container));

    [Fact]
    public void AnEndedTaskIsNeverStartedAgain()
    {
        var states = Gen.Elements(TaskStates.All.ToArray());
        var inputs = from desired in states
                     from observed in states
                     from container in Gen.Elements(ContainerPresence.None, ContainerPresence.Exists)
                     where observed.IsTerminal()
                     select (desired, observed, container);
        Prop.ForAll(inputs.ToArbitrary(), i => TaskMachine.Next(i.desired, i.observed, i.container)
            is not (TaskStep.Accept or TaskStep.Prepare or TaskStep.Start or TaskStep.Stop)).QuickCheckThrowOnFailure();
    }

    /// <summary>Whatever is wanted, following the steps comes to rest: nothing runs in circles.</summary>
    [Fact]
    public void EveryAssignmentComesToRest()
    {
        foreach (var desired in new[] { TaskState.Ready, TaskState.Running, TaskState.Shutdown, TaskState.Remove })
        {
            foreach (var start in TaskStates.All.Where(s => s is >= TaskState.Assigned and not TaskState.Remove))
            {
                var (state, container) = (start, start is >= TaskState.Ready and <= TaskState.Running
                    ? ContainerPresence.Exists : ContainerPresence.None);
                var steps = 0;
                for (; steps < 20; steps++)
                {
                    var step = TaskMachine.Next(desired, state, container);
                    if (step is TaskStep.None or TaskStep.AwaitExit or TaskStep.Remove)
                    {
                        break;
                    }

                    (state, container) = Do(step, state, container);
                }

                Assert.True(steps < 20, $"{desired} from {start} runs in circles");
            }
        }
    }

    private static (TaskState, ContainerPresence) Do(TaskStep step, TaskState state, ContainerPresence container) =>
        step switch
        {
            TaskStep.Accept => (TaskState.Accepted, container),
            TaskStep.Prepare => (TaskState.Ready, ContainerPresence.Exists),
            TaskStep.Start => (TaskState.Running, container),
            TaskStep.Stop or TaskStep.CallOff => (TaskState.Shutdown, container),
            TaskStep.ReportLost => (TaskState.Failed, container),
            TaskStep.Release => (state, ContainerPresence.None),
            _ => (state, container),
        };
}
