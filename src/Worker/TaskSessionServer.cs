using System.Net.Security;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Runtime.Containers;

namespace Swarm.Worker;

/// <summary>
/// Answers the leader's orders to talk to somebody: one connection of its own for each conversation, so that one which
/// nobody reads stops nothing else. When the session with the leader ends, its conversations end.
/// </summary>
internal sealed class TaskSessionServer(
    ContainerRuntime? containers, string manager, Func<SslClientAuthenticationOptions> tls, WorkerLog log)
    : IAsyncDisposable
{
    /// <summary>Conversations at a time; one more is refused.</summary>
    private const int MaxSessions = 64;

    private static readonly RpcMethod<TaskSessionResponse, TaskSessionRequest> ServeMethod =
        RpcMethod<TaskSessionResponse, TaskSessionRequest>.Of(
            DispatcherReflection.Descriptor.Services[0], "ServeTaskSession");

    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _running = [];

    internal void Take(TaskSessionOrder order)
    {
        _running.RemoveAll(static t => t.IsCompleted);
        var isFull = _running.Count >= MaxSessions;
        _running.Add(Task.Run(() => ServeAsync(order, isFull)));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task ServeAsync(TaskSessionOrder order, bool isFull)
    {
        var (host, port) = HostPort.Parse(manager);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        try
        {
            await using var channel = RpcChannel.ForTcp(host, port, tls);
            await using var call = channel.Duplex(ServeMethod, ct: end.Token);
            await call.WriteAsync(new TaskSessionResponse { Join = order.SessionId }, end.Token).ConfigureAwait(false);
            await using var said = call.ReadAllAsync(end.Token).GetAsyncEnumerator(end.Token);
            if (!await said.MoveNextAsync().ConfigureAwait(false) || said.Current.Open is not { } open)
            {
                return;
            }

            var answers = new TaskSessionAnswers(call.WriteAsync);
            if (isFull)
            {
                await answers.EndAsync(new TaskSessionEnd
                {
                    Refused = true, Failure = $"{MaxSessions} conversations with tasks of this node are open; end one",
                }).ConfigureAwait(false);
            }

            var conversation = new TaskConversation(containers, order.TaskId, said, answers, end);
            if (!isFull)
            {
                await answers.EndAsync(await conversation.RunAsync(open).ConfigureAwait(false)).ConfigureAwait(false);
            }

            await call.CompleteAsync().ConfigureAwait(false);
            // The leader ends the call when it has passed the end on.
            await conversation.DrainAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            log.Note($"a conversation with task {order.TaskId} was called off");
        }
        catch (Exception e) when (e is RpcException or IOException)
        {
            log.TaskSessionFailed(order.TaskId, e.Message);
        }
        catch (Exception e)
        {
            // One conversation; the caller is told that it was lost.
            log.TaskSessionBroke(order.TaskId, e);
        }
    }
}
