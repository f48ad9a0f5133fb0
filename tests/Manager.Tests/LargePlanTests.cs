using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Store;

namespace Swarm.Manager.Tests;

/// <summary>What users write goes between the pieces of a plan that takes many.</summary>
public sealed class LargePlanTests
{
    private const int Replicas = 3 * Orchestrator.Planner.MaxActions;

    [Fact]
    public async Task A_command_goes_before_the_rest_of_a_large_plan()
    {
        await using var one = await OneManager.StartAsync();
        var small = new ServiceId((await one.CreateAsync("small")).Id);
        var large = OneManager.Create("large");
        large.Spec.Replicated.Replicas = Replicas;
        var answer = await one.CallAsync<CreateServiceRequest, CreateServiceResponse>(
            "CreateService", one.Marked(large));
        var id = new ServiceId(answer.Id);

        // One command after the other: each entry tells how much of the large service it found.
        var found = new List<int>();
        for (var i = 0; one.Node.State.CountTasks(id) < Replicas; i++)
        {
            var service = one.Node.State.Services[small];
            var spec = service.Spec.Clone();
            spec.Labels["n"] = $"{i}";
            var result = await one.Node.Session!.Proposer.CommandAsync(
                new StoreAction.UpdateServiceSpec(small, 0, spec), default);
            found.Add(result.State.CountTasks(id));
        }

        // Most plans are of the largest size; in none of them had everybody to wait for all of it.
        Assert.Contains(found, n => n % Orchestrator.Planner.MaxActions != 0);
        Assert.All(found, n => Assert.InRange(n, 0, Replicas));
    }
}
