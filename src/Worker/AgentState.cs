using System.Threading.Channels;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Worker.Core;
using TaskStatus = Swarm.Protocol.V1.TaskStatus;

namespace Swarm.Worker;

/// <summary>What outlives a session: reports that are not in the log yet, and whether anybody listens.</summary>
internal sealed class AgentState(AgentOptions options, WorkerLog log)
{
    private readonly StatusQueue _queue = new();
    private readonly Lock _gate = new();
    private Channel<bool>? _wake;

    internal AgentOptions Options { get; } = options;

    internal bool IsConnected
    {
        get
        {
            lock (_gate)
            {
                return _wake is not null;
            }
        }
    }

    /// <summary>Takes a report from a runner; sent with the next batch.</summary>
    internal void Report(TaskId task, TaskStatus status)
    {
        log.TaskReported(task.Value, ((TaskState)status.State).ToString(), status.Message, status.Error);
        lock (_gate)
        {
            _queue.Add(task, status);
            _wake?.Writer.TryWrite(true);
        }
    }

    /// <summary>A session begins; the reader of the channel sends a batch whenever it is woken.</summary>
    internal ChannelReader<bool> SessionOpened()
    {
        lock (_gate)
        {
            _queue.SessionLost();
            _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1)
            {
                FullMode = BoundedChannelFullMode.DropWrite,
            });
            _wake.Writer.TryWrite(true);
            return _wake.Reader;
        }
    }

    /// <summary>The session is over; what was under way is said again in the next.</summary>
    internal void SessionClosed()
    {
        lock (_gate)
        {
            _queue.SessionLost();
            _wake = null;
        }
    }

    internal StatusBatch? NextBatch()
    {
        lock (_gate)
        {
            return _queue.Next();
        }
    }

    internal void BatchAccepted(ulong sequence)
    {
        lock (_gate)
        {
            _queue.Accepted(sequence);
            _wake?.Writer.TryWrite(true);
        }
    }
}
