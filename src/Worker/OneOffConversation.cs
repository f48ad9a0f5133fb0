using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Runtime.Containers;

namespace Swarm.Worker;

/// <summary>
/// A person at a container of this node: attached before it starts, so that not a byte is missed; the exit code comes
/// when everything it held was given back.
/// </summary>
public sealed class OneOffConversation(ContainerRuntime containers, OneOffContainers oneOffs)
{
    /// <param name="said">What the caller says, after the opening.</param>
    /// <param name="responses">To the caller.</param>
    /// <param name="id">The container, created and not started.</param>
    /// <param name="work">How to attach, and what starts it.</param>
    /// <param name="end">The caller goes; cancelled here when nothing more is to be heard. <paramref name="said"/> has
    /// its token.</param>
    /// <exception cref="TaskRejectedException">It could not be started.</exception>
    public async Task RunAsync(
        IAsyncEnumerator<TaskSessionRequest> said, IResponseStream<TaskSessionResponse> responses, string id,
        (AttachWork Attach, Func<Task> Start) work, CancellationTokenSource end)
    {
        ArgumentNullException.ThrowIfNull(responses);
        ArgumentNullException.ThrowIfNull(end);
        var answers = new TaskSessionAnswers(responses.WriteAsync);
        var conversation = new TaskConversation(containers, id, said, answers, end);
        // The attachment is made before this returns, the program runs after it.
        var talking = conversation.RunAsync(new OpenTaskSession { Task = id, Attach = work.Attach });
        try
        {
            await work.Start().ConfigureAwait(false);
            var over = await talking.ConfigureAwait(false);
            if (over.Refused)
            {
                throw new TaskRejectedException(over.Failure);
            }

            if (containers.Find(id) is null or { Phase: ContainerPhase.Exited })
            {
                await oneOffs.FinishedAsync(id).WaitAsync(end.Token).ConfigureAwait(false);
            }

            await responses.WriteAsync(new TaskSessionResponse { End = over }, end.Token).ConfigureAwait(false);
        }
        finally
        {
            await end.CancelAsync().ConfigureAwait(false);
            await ((Task)talking).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await conversation.DrainAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
