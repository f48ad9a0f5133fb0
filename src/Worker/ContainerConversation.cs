using Swarm.Protocol.V1;
using Swarm.Rpc;
using Swarm.Runtime.Containers;

namespace Swarm.Worker;

/// <summary>A person at a container of this node, without a manager between: exec, attach or a copy.</summary>
public sealed class ContainerConversation(ContainerRuntime containers)
{
    /// <param name="said">What the caller says, after the opening.</param>
    /// <param name="responses">To the caller.</param>
    /// <param name="id">The container.</param>
    /// <param name="open">What is wanted of it.</param>
    /// <param name="end">The caller goes; cancelled here when nothing more is to be heard. <paramref name="said"/> has
    /// its token.</param>
    /// <exception cref="TaskRejectedException">It was refused.</exception>
    public async Task RunAsync(
        IAsyncEnumerator<TaskSessionRequest> said, IResponseStream<TaskSessionResponse> responses, string id,
        OpenTaskSession open, CancellationTokenSource end)
    {
        ArgumentNullException.ThrowIfNull(responses);
        ArgumentNullException.ThrowIfNull(end);
        var answers = new TaskSessionAnswers(responses.WriteAsync);
        var conversation = new TaskConversation(containers, id, said, answers, end);
        try
        {
            var over = await conversation.RunAsync(open).ConfigureAwait(false);
            if (over.Refused)
            {
                throw new TaskRejectedException(over.Failure);
            }

            await responses.WriteAsync(new TaskSessionResponse { End = over }, end.Token).ConfigureAwait(false);
        }
        finally
        {
            await end.CancelAsync().ConfigureAwait(false);
            await conversation.DrainAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
