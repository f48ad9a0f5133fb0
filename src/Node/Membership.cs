using System.Security.Cryptography;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Security;

namespace Swarm.Node;

/// <summary>Whether this node is in a swarm, and the three ways to change that: init, join, leave. One at a
/// time.</summary>
internal sealed class Membership(NodeParts parts)
{
    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly TaskCompletionSource<Exception> _broken = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Null while this node is in no swarm.</summary>
    internal SwarmMember? Member { get; private set; }

    /// <summary>Why a member on disk could not be started; empty otherwise.</summary>
    internal string Error { get; private set; } = "";

    /// <summary>Completes when the process must end.</summary>
    internal Task<Exception> Broken => _broken.Task;

    /// <summary>Goes on as the member that is on disk, if there is one.</summary>
    internal async Task ResumeAsync(CancellationToken ct)
    {
        if (!parts.Paths.Identity.Exists)
        {
            return;
        }

        if (!parts.Paths.Identity.TryLoad(DateTimeOffset.UtcNow, out var identity, out var error)
            || MemberState.Load(parts.Paths.Member) is not { } state)
        {
            Error = error.Length > 0 ? error : $"{parts.Paths.Member} is missing";
            parts.Log.Warn($"this node cannot go on as a member of its swarm: {Error}");
            return;
        }

        var member = await SwarmMember.StartAsync(parts, state, identity, ct).ConfigureAwait(false);
        Adopt(member, member.ManagerAddresses.Count > 0 ? member.ManagerAddresses : [state.AdvertiseAddress]);
    }

    internal Task<InitSwarmResponse> InitAsync(InitSwarmRequest request, CancellationToken ct) => AloneAsync(
        async () =>
        {
            RefuseMember();
            var advertise = NodeAddresses.Advertise(request.AdvertiseAddress);
            var state = NewState(advertise, request.ListenAddress, isManager: true);
            var cluster = NewCluster(request.Spec ?? new ClusterSpec());
            var identity = IssueOwn(cluster);
            parts.Paths.Identity.Save(identity);
            state.Save(parts.Paths.Member);
            try
            {
                SwarmMember.Bootstrap(parts, state, identity);
                var member = await SwarmMember.StartAsync(parts, state, identity, ct).ConfigureAwait(false);
                Member = member;
                await member.Manager!.InitializeAsync(
                    cluster, new NodeSpec { Availability = request.Availability }, ct).ConfigureAwait(false);
                Adopt(member, [advertise.ToString()]);
            }
            catch
            {
                await UndoAsync().ConfigureAwait(false);
                throw;
            }

            return new InitSwarmResponse
            {
                NodeId = identity.NodeId.Value,
                WorkerToken = JoinToken.Create(cluster.RootCertificatePem, cluster.WorkerTokenSecret.AsSpan()).Text,
                ManagerAddress = advertise.ToString(),
            };
        },
        ct);

    internal Task<JoinSwarmResponse> JoinAsync(JoinSwarmRequest request, CancellationToken ct) => AloneAsync(
        async () =>
        {
            RefuseMember();
            var target = request.Managers.Count == 1 && HostPort.TryParse(request.Managers[0], out var parsed)
                ? parsed
                : throw new RpcException(
                    RpcStatusCode.InvalidArgument,
                        $"'{string.Join(' ', request.Managers)}' is not a manager's IP:PORT");
            var advertise = NodeAddresses.Advertise(request.AdvertiseAddress);
            var (identity, answer) = await JoinClient.JoinAsync(target, request.Token, request.Availability, ct)
                .ConfigureAwait(false);
            var isManager = identity.Role == CertificateRole.Manager;
            var state = NewState(advertise, request.ListenAddress, isManager);
            parts.Paths.Identity.Save(identity);
            state.Save(parts.Paths.Member);
            try
            {
                var member = await SwarmMember.StartAsync(parts, state, identity, ct).ConfigureAwait(false);
                Member = member;
                if (isManager)
                {
                    await member.JoinRaftAsync(
                        answer.ManagerAddresses.FirstOrDefault() ?? target.ToString(), ct).ConfigureAwait(false);
                }

                Adopt(member, answer.ManagerAddresses.Count > 0 ? answer.ManagerAddresses : [target.ToString()]);
            }
            catch
            {
                await UndoAsync().ConfigureAwait(false);
                throw;
            }

            return new JoinSwarmResponse { NodeId = identity.NodeId.Value, Role = answer.Role };
        },
        ct);

    internal Task<LeaveSwarmResponse> LeaveAsync(LeaveSwarmRequest request, CancellationToken ct) => AloneAsync(
        async () =>
        {
            if (Member is null && Error.Length == 0)
            {
                throw new RpcException(RpcStatusCode.FailedPrecondition, "This node is not part of a swarm");
            }

            if (Member?.Manager is { } manager)
            {
                await LeaveManagersAsync(manager, request.Force, ct).ConfigureAwait(false);
            }

            if (Member is not null)
            {
                await Member.LeaveAsync(ct).ConfigureAwait(false);
            }

            await UndoAsync().ConfigureAwait(false);
            Error = "";
            return new LeaveSwarmResponse();
        },
        ct);

    /// <summary>The daemon stops; containers stay unless told otherwise.</summary>
    internal async Task StopAsync(bool stopContainers)
    {
        if (Member is not { } member)
        {
            return;
        }

        if (stopContainers)
        {
            await member.LeaveAsync(CancellationToken.None).ConfigureAwait(false);
        }

        await member.DisposeAsync().ConfigureAwait(false);
        Member = null;
    }

    private async Task LeaveManagersAsync(Manager.ManagerNode manager, bool force, CancellationToken ct)
    {
        var voters = manager.RaftStatus.Members.Count(m => !m.Learner);
        if (!force)
        {
            throw new RpcException(
                RpcStatusCode.FailedPrecondition,
                voters <= 1
                    ? "You are attempting to leave the swarm on a node that is participating as a manager. Removing "
                        + "the last "
                        + "manager erases all current state of the swarm. Use --force to ignore this message."
                    : "You are attempting to leave the swarm on a node that is participating as a manager. "
                        + $"{voters - 1} of {voters} managers will remain. Use --force to leave all the same.");
        }

        if (voters > 1)
        {
            try
            {
                await manager.LeaveAsync(ct).ConfigureAwait(false);
            }
            catch (RpcException e)
            {
                parts.Log.Warn($"left without being taken out of the list of managers: {e.Message}; "
                    + "the others must remove this node");
            }
        }
    }

    private void Adopt(SwarmMember member, IReadOnlyList<string> managers)
    {
        Member = member;
        member.StartAgent(managers);
        _ = WatchAsync(member);
    }

    private async Task WatchAsync(SwarmMember member)
    {
        var reason = await member.BrokenAsync().ConfigureAwait(false);
        if (ReferenceEquals(member, Member))
        {
            _broken.TrySetResult(reason);
        }
    }

    private async Task UndoAsync()
    {
        if (Member is { } member)
        {
            Member = null;
            await member.DisposeAsync().ConfigureAwait(false);
        }

        parts.Paths.DeleteMembership();
    }

    private void RefuseMember()
    {
        if (Member is not null || Error.Length > 0)
        {
            throw new RpcException(
                RpcStatusCode.FailedPrecondition,
                "This node is already part of a swarm. Use \"swarmctl swarm leave\" to leave this swarm and join "
                    + "another one.");
        }
    }

    private static MemberState NewState(HostPort advertise, string listen, bool isManager) => new()
    {
        AdvertiseAddress = advertise.ToString(),
        ListenAddress = NodeAddresses.Listen(listen, advertise).ToString(),
        RaftId = isManager ? NewRaftId() : 0,
    };

    /// <summary>Random and never 0: a manager that comes back with an empty disk is another one (raft-pitfalls
    /// R25).</summary>
    private static ulong NewRaftId() =>
        BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))) | 1;

    private static ClusterRecord NewCluster(ClusterSpec spec)
    {
        var now = DateTimeOffset.UtcNow;
        using var root = RootCa.Create(
            RootCa.CommonNamePrefix + NewId(), now, RandomNumberGenerator.GetBytes(CertificateLimits.MaxSerialBytes));
        return new ClusterRecord
        {
            Id = new ClusterId(NewId()),
            CreatedAt = now,
            Spec = spec,
            RootCertificatePem = root.CertificatePem,
            RootKeyPem = root.ExportKeyPem(),
            WorkerTokenSecret = [.. RandomNumberGenerator.GetBytes(JoinToken.SecretBytes)],
            ManagerTokenSecret = [.. RandomNumberGenerator.GetBytes(JoinToken.SecretBytes)],
        };
    }

    private static NodeIdentity IssueOwn(ClusterRecord cluster)
    {
        using var root = RootCa.FromPem(cluster.RootCertificatePem, cluster.RootKeyPem);
        using var key = NodeKey.Create();
        var lifetime = cluster.Spec.HasNodeCertificateExpiryNs
            ? SpecDefaults.FromNs(cluster.Spec.NodeCertificateExpiryNs)
            : TimeSpan.FromDays(CertificateLimits.DefaultNodeLifetimeDays);
        if (lifetime < TimeSpan.FromHours(CertificateLimits.MinNodeLifetimeHours))
        {
            throw new RpcException(RpcStatusCode.InvalidArgument, "--cert-expiry: the minimum is 1h0m0s");
        }

        var pem = root.IssueNodeCertificate(
            key.CreateSigningRequest(),
            new CertificateSubject(new NodeId(NewId()), CertificateRole.Manager, cluster.Id),
            DateTimeOffset.UtcNow, lifetime, RandomNumberGenerator.GetBytes(CertificateLimits.MaxSerialBytes));
        return NodeIdentity.TryCreate(
            key, pem, cluster.RootCertificatePem, DateTimeOffset.UtcNow, out var identity, out var error)
            ? identity
            : throw new InvalidOperationException(error);
    }

    private static string NewId() => IdFormat.FromRandom(RandomNumberGenerator.GetBytes(IdFormat.RandomBytes));

    private async Task<T> AloneAsync<T>(Func<Task<T>> work, CancellationToken ct)
    {
        await _one.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            return await work().ConfigureAwait(false);
        }
        catch (IOException e)
        {
            throw new RpcException(RpcStatusCode.FailedPrecondition, e.Message);
        }
        finally
        {
            _one.Release();
        }
    }
}
