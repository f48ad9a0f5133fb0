using Swarm.Model;
using Swarm.Node.Recovery;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Security;

namespace Swarm.Node;

/// <summary>Whether this node is in a swarm, and the three ways to change that: init, join, leave. One at a
/// time.</summary>
internal sealed class Membership(NodeParts parts)
{
    private readonly OneAtATime _changes = new();
    private readonly TaskCompletionSource<Exception> _broken = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Null while this node is in no swarm.</summary>
    internal SwarmMember? Member { get; private set; }

    /// <summary>This node is a manager that waits for the unlock key; null otherwise.</summary>
    internal LockedMember? Locked { get; private set; }

    /// <summary>Why a member on disk could not be started; empty otherwise.</summary>
    internal string Error { get; private set; } = "";

    /// <summary>Completes when the process must end.</summary>
    internal Task<Exception> Broken => _broken.Task;

    /// <summary>Goes on as the member that is on disk, if there is one.</summary>
    internal async Task ResumeAsync(CancellationToken ct)
    {
        new LogSwitch(parts.Paths).Finish();
        if (!parts.Paths.Identity.Exists)
        {
            return;
        }

        Locked = LockedMember.Find(parts, Locked, out var fault);
        Error = fault;
        if (Locked is not null || Error.Length > 0)
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

        var member = await SwarmMember.ResumeAsync(parts, state, identity, ct).ConfigureAwait(false);
        if (member.IsSuperseded)
        {
            Member = member;
            parts.Log.Warn(member.Refusal);
            return;
        }

        Adopt(member, member.ManagerAddresses.Count > 0 ? member.ManagerAddresses : [state.AdvertiseAddress]);
    }

    /// <summary>Stops the member; what is on disk and the containers stay.</summary>
    internal async Task SuspendAsync()
    {
        if (Member is { } member)
        {
            Member = null;
            await member.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>
    /// After <see cref="SuspendAsync"/>. When it fails the process ends and says why at its next start: half a member
    /// would answer that it is in no swarm, and let another be begun over what is on disk.
    /// </summary>
    internal async Task GoOnAsync()
    {
        try
        {
            await ResumeAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            _broken.TrySetResult(e);
            throw;
        }
    }

    /// <summary>The manager of this node.</summary>
    /// <exception cref="RpcException">There is none, and why.</exception>
    internal Manager.ManagerNode RequireManager() => Member?.Manager ?? throw new RpcException(
        RpcStatusCode.FailedPrecondition,
        Locked is not null ? LockedMember.Text
        : Member is { IsSuperseded: true } member ? member.Refusal : "This node is not a swarm manager.");

    /// <summary>The manager that answers for this node; null when it is none.</summary>
    /// <exception cref="RpcException">The swarm began anew without it, or it is locked.</exception>
    internal Manager.ManagerNode? AnsweringManager() =>
        Locked is not null || Member is { IsSuperseded: true } ? RequireManager() : Member?.Manager;

    /// <summary>The swarm began anew without this manager: it stops, its containers go on.</summary>
    private async Task SupersedeAsync(SwarmMember member, string text)
    {
        try
        {
            await AloneAsync(
                async () =>
                {
                    if (ReferenceEquals(member, Member))
                    {
                        Superseded.Note(parts.Paths, text);
                        await SuspendAsync().ConfigureAwait(false);
                        await GoOnAsync().ConfigureAwait(false);
                    }

                    return true;
                },
                CancellationToken.None).ConfigureAwait(false);
        }
        catch (RpcException e)
        {
            // A manager of an older epoch that cannot stop in order must not go on either.
            _broken.TrySetResult(e);
        }
    }

    internal Task<InitSwarmResponse> InitAsync(InitSwarmRequest request, CancellationToken ct) => AloneAsync(
        async () =>
        {
            RefuseMember();
            var advertise = NodeAddresses.Advertise(request.AdvertiseAddress);
            var state = NewSwarm.State(advertise, request.ListenAddress, isManager: true);
            var cluster = NewSwarm.Cluster(request.Spec ?? new ClusterSpec(), request.AutoLock);
            var identity = NewSwarm.Identity(cluster);
            parts.Vault.Begin(cluster);
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
                UnlockKey = cluster.AutoLock ? UnlockKey.FromBytes(cluster.UnlockKey.AsSpan()).Text : "",
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
            var state = NewSwarm.State(advertise, request.ListenAddress, isManager);
            parts.Vault.BeginFor(identity.Role, answer.UnlockKey.Span, answer.ClusterVersion);
            parts.Paths.Identity.Save(identity);
            parts.Epoch.Raise(answer.Epoch);
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
            if (Locked is { } locked)
            {
                await locked.LeaveAsync(request.Force, ct).ConfigureAwait(false);
            }
            else if (Member is null && Error.Length == 0)
            {
                throw new RpcException(RpcStatusCode.FailedPrecondition, "This node is not part of a swarm");
            }

            var response = new LeaveSwarmResponse();
            if (Member?.Manager is { } manager)
            {
                response.Warnings.Add(
                    await Leaving.LeaveManagersAsync(manager, request.Force, ct).ConfigureAwait(false));
            }

            if (Member is not null)
            {
                await Member.LeaveAsync(ct).ConfigureAwait(false);
            }
            await UndoAsync().ConfigureAwait(false);
            (Error, Locked) = ("", null);
            return response;
        },
        ct);

    /// <summary>Before the daemon stops: another manager leads then, if this one does.</summary>
    internal Task HandOverAsync(TimeSpan atMost) => Member?.HandOverAsync(atMost) ?? Task.CompletedTask;

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

    /// <summary>From here on this is the member, and its agent looks for the leader.</summary>
    internal void Adopt(SwarmMember member, IReadOnlyList<string> managers)
    {
        Member = member;
        member.StartAgent(managers);
        member.Watch(this, text => _ = Task.Run(() => SupersedeAsync(member, text)));
        _ = WatchAsync(member);
    }

    private async Task WatchAsync(SwarmMember member)
    {
        var reason = await member.Broken.ConfigureAwait(false);
        if (ReferenceEquals(member, Member))
        {
            _broken.TrySetResult(reason);
        }
    }

    internal async Task UndoAsync()
    {
        if (Member is { } member)
        {
            Member = null;
            await member.DisposeAsync().ConfigureAwait(false);
        }

        parts.Paths.DeleteMembership();
        parts.Vault.End();
    }

    internal void RefuseMember()
    {
        if (Locked is not null)
        {
            throw LockedMember.Refusal();
        }

        if (Member is not null || Error.Length > 0)
        {
            throw new RpcException(
                RpcStatusCode.FailedPrecondition,
                "This node is already part of a swarm. Use \"swarmctl swarm leave\" to leave this swarm and join "
                    + "another one.");
        }
    }

    internal Task<T> AloneAsync<T>(Func<Task<T>> work, CancellationToken ct) => _changes.AloneAsync(work, ct);
}
