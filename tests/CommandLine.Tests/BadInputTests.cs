using Google.Protobuf;
using Swarm.Manager.Tests;
using Swarm.Protocol.V1;
using Swarm.Rpc;

namespace Swarm.CommandLine.Tests;

/// <summary>
/// The table of bad input through swarmctl's own parser and a real manager: each line is refused with its exit code,
/// in words that name field, value, rule and remedy, and leaves nothing behind.
/// </summary>
public sealed class BadInputTests(ManagerWithOneService with) : IClassFixture<ManagerWithOneService>
{
    public static TheoryData<BadLine> Lines => [.. BadInput.All];

    [Theory]
    [MemberData(nameof(Lines))]
    public async Task A_bad_line_is_refused_in_full(BadLine line)
    {
        ArgumentNullException.ThrowIfNull(line);
        var before = with.Manager.Node.State.Services.Values.ToList();
        var ran = await with.Manager.CtlAsync(line.Arguments);
        Assert.True(line.ExitCode == ran.ExitCode, $"exit code {ran.ExitCode}: {ran.Errors}{ran.Output}");
        foreach (var part in new[] { line.Field, line.Value[..Math.Min(line.Value.Length, 4)], line.Rule, line.Remedy })
        {
            Assert.Contains(part, ran.Errors, StringComparison.Ordinal);
        }

        foreach (var noise in new[] { "rpc error", "code =", "strconv", "Exception", "   at " })
        {
            Assert.DoesNotContain(noise, ran.Errors, StringComparison.Ordinal);
        }

        Assert.Equal(before.Select(s => s.Spec), with.Manager.Node.State.Services.Values.Select(s => s.Spec));
    }

    [Fact]
    public async Task All_faults_of_a_spec_are_in_one_answer()
    {
        var ran = await with.Manager.CtlAsync(
            "service", "create", "--no-resolve-image", "--name", "bad name", "--constraint", "foo", "--constraint",
            "node.nosuch==x", "--limit-memory", "1m", "--reserve-memory", "2m", "--mount", "type=tmpfs,target=rel",
            "--stop-signal", "SIGFOO", "--update-delay=-1s", "--publish", "80:80", "--publish", "80:81",
            "--log-driver", "syslog", "--sysctl", "vm.x=1", "--cap-add", "FLY", "registry.test/UPPER");
        Assert.Equal(1, ran.ExitCode);
        Assert.Contains("14 faults:", ran.Errors, StringComparison.Ordinal);
        foreach (var field in new[]
        {
            "name: 'bad name'", "constraints[0]: 'foo'", "constraints[1]: 'node.nosuch==x'", "task.limits.memory:",
            "task.reservations.memory: '2097152': invalid", "task.reservations.memory: '2097152': is more",
            "mounts[0].target: 'rel'", "stop_signal: 'SIGFOO'", "update.delay:", "endpoint.ports[1].published: '80'",
            "log_driver.name: 'syslog'", "sysctls[vm.x]", "capability_add[0]: 'FLY'", "image: 'registry.test/UPPER'",
        })
        {
            Assert.Contains(field, ran.Errors, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_cannot_be_read_is_told_with_everything_else()
    {
        var ran = await with.Manager.CtlAsync(
            "service", "create", "--name", "bad name", "--replicas", "x", "--update-delay", "10", "--limit-cpu", "y",
            "--env", "=x", "--publish", "abc:80", "--mount", "type=foo", "--stop-signal", "SIGFOO", BadInput.Image);
        Assert.Equal(2, ran.ExitCode);
        foreach (var part in new[]
        {
            "name: 'bad name'", "--replicas 'x'", "--update-delay '10'", "--limit-cpu 'y'", "--env '=x'", "'abc'",
            "type 'foo'", "SIGFOO",
        })
        {
            Assert.Contains(part, ran.Errors, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Fifty_faults_arrive_whole()
    {
        var ran = await with.Manager.CtlAsync(
        [
            "service", "create", .. Enumerable.Range(0, 60).SelectMany(i => (string[])["--dns", $"no.address.{i:d3}"]),
            BadInput.Image,
        ]);
        Assert.Equal(1, ran.ExitCode);
        Assert.Contains("50 faults:", ran.Errors, StringComparison.Ordinal);
        Assert.Contains("'no.address.049': is not an IP address; write an address", ran.Errors,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stale_version_is_a_conflict_that_tells_the_current_one()
    {
        var service = with.Manager.Node.State.FindService("taken")!;
        foreach (var rollback in new[] { false, true })
        {
            var spec = service.Spec.Clone();
            spec.Labels["x"] = "y";
            var told = await Assert.ThrowsAsync<RpcException>(() => Update(new UpdateServiceRequest
            {
                ServiceId = service.Id.Value, Version = 1, Spec = rollback ? null : spec, Rollback = rollback,
            }));
            if (rollback)
            {
                Assert.Equal(RpcStatusCode.FailedPrecondition, told.Code);
                continue;
            }

            Assert.Equal(RpcStatusCode.Aborted, told.Code);
            var current = with.Manager.Node.State.Services[service.Id].Version;
            Assert.Equal(current, Protocol.V1.Conflict.Parser.ParseFrom(told.Details!).CurrentVersion);
            Assert.Contains($"version {current} is stored, 1 was given; read it again", told.Message,
                StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_version_must_be_given()
    {
        var service = with.Manager.Node.State.FindService("taken")!;
        var told = await Assert.ThrowsAsync<RpcException>(() => Update(new UpdateServiceRequest
        {
            ServiceId = service.Id.Value, Spec = service.Spec,
        }));
        Assert.Equal(RpcStatusCode.InvalidArgument, told.Code);
        Assert.StartsWith("version: '0'", told.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_field_that_the_manager_does_not_know_is_not_ignored()
    {
        var request = OneManager.Create("bogus");
        // Field 1000 as text, in the middle of the spec.
        request.Spec.Task.Container.MergeFrom(new byte[] { 0xC2, 0x3E, 0x01, 0x78 });
        var told = await Assert.ThrowsAsync<RpcException>(
            () => with.Manager.CallAsync<CreateServiceRequest, CreateServiceResponse>("CreateService", request));
        Assert.Contains("does not know", told.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dry_run_checks_everything_and_changes_nothing()
    {
        string[] create = ["service", "create", "--dry-run", "--no-resolve-image", "--name"];
        var good = await with.Manager.CtlAsync([.. create, "maybe", BadInput.Image]);
        Assert.Equal((0, ""), (good.ExitCode, good.Errors));
        Assert.Contains("maybe could be created (dry run", good.Output, StringComparison.Ordinal);
        var taken = await with.Manager.CtlAsync([.. create, "taken", BadInput.Image]);
        Assert.Equal(4, taken.ExitCode);
        var update = await with.Manager.CtlAsync("service", "update", "--dry-run", "--replicas", "7", "taken");
        Assert.Equal(0, update.ExitCode);
        var (only, count) = (with.Manager.Node.State.FindService("taken")!, with.Manager.Node.State.Services.Count);
        Assert.Equal((1, 1ul), (count, only.Spec.Replicated.Replicas));
    }

    [Fact]
    public async Task Nobody_there_is_exit_code_5()
    {
        var ran = await CommandLines.AtAsync("unix:///no/such.sock", "service", "ls");
        Assert.Equal(5, ran.ExitCode);
        Assert.Contains("is swarmd running?", ran.Errors, StringComparison.Ordinal);
    }

    private Task<UpdateServiceResponse> Update(UpdateServiceRequest request) =>
        with.Manager.CallAsync<UpdateServiceRequest, UpdateServiceResponse>("UpdateService", request);
}
