using System.Security.Cryptography;
using Google.Protobuf;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Store;

/// <summary>
/// A whole state as bytes: a header, then one frame a record, sorted by kind and id, so that equal states have equal
/// bytes. A frame is its kind, facts that the message has no field for, and the message.
/// </summary>
public static class SnapshotCodec
{
    private const uint Magic = 0x53_57_53_31;

    private enum Frame
    {
        End = 0,
        Cluster = 1,
        Node = 2,
        Service = 3,
        Task = 4,
    }

    /// <summary>Encodes.</summary>
    public static byte[] Encode(ClusterState state)
    {
        using var buffer = new MemoryStream();
        using var output = new CodedOutputStream(buffer, leaveOpen: true);
        output.WriteFixed32(Magic);
        output.WriteUInt64(state.LastIndex);
        if (state.Cluster is not null)
        {
            Write(output, Frame.Cluster, 0, Views.ToSecretView(state.Cluster));
        }

        foreach (var node in state.Nodes.Values.OrderBy(n => n.Id))
        {
            Write(output, Frame.Node, 0, Views.ToView(node));
        }

        foreach (var service in state.Services.Values.OrderBy(s => s.Id))
        {
            var view = Views.ToView(service);
            view.KeptSpecs.Add(service.KeptSpecs.Select(s => new SpecAtVersion { Version = s.Key, Spec = s.Value }));
            Write(output, Frame.Service, (long)service.PortsSpecVersion, view);
        }

        foreach (var task in state.Tasks.Values.OrderBy(t => t.CreatedAt).ThenBy(t => t.Id))
        {
            var since = state.RanSince.TryGetValue(task.Id, out var ran) ? Timestamps.ToNs(ran) : 0;
            Write(output, Frame.Task, since, Views.ToView(task));
        }

        output.WriteEnum((int)Frame.End);
        output.Flush();
        return buffer.ToArray();
    }

    /// <summary>Decodes.</summary>
    /// <exception cref="InvalidDataException">These bytes are no whole snapshot that this program knows.</exception>
    public static ClusterState Decode(byte[] bytes)
    {
        using var input = new CodedInputStream(bytes);
        try
        {
            if (input.ReadFixed32() != Magic)
            {
                throw new InvalidDataException("this is no snapshot of the cluster's state, or of another format");
            }

            var parts = new Parts { LastIndex = input.ReadUInt64() };
            while (Read(input, parts))
            {
            }

            return parts.Build();
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new InvalidDataException($"a snapshot cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Equal on two managers if and only if their states are.</summary>
    public static string Hash(ClusterState state) => Convert.ToHexStringLower(SHA256.HashData(Encode(state)));

    private static void Write(CodedOutputStream output, Frame frame, long fact, IMessage message)
    {
        output.WriteEnum((int)frame);
        output.WriteInt64(fact);
        output.WriteMessage(message);
    }

    private static bool Read(CodedInputStream input, Parts parts)
    {
        var frame = (Frame)input.ReadEnum();
        if (frame == Frame.End)
        {
            return false;
        }

        var fact = input.ReadInt64();
        switch (frame)
        {
            case Frame.Cluster:
                parts.Cluster = Views.FromView(Message(input, new ClusterView()));
                break;
            case Frame.Node:
                parts.Nodes.Add(Views.FromView(Message(input, new NodeView())));
                break;
            case Frame.Service:
                parts.Services.Add(
                    Views.FromView(Message(input, new ServiceView())) with { PortsSpecVersion = (ulong)fact });
                break;
            case Frame.Task:
                parts.Tasks.Add((Views.FromView(Message(input, new TaskView())), Timestamps.FromNs(fact)));
                break;
            default:
                throw new InvalidDataException($"a snapshot has a frame of kind {(int)frame}; use the newer program");
        }

        return true;
    }

    private static T Message<T>(CodedInputStream input, T message)
        where T : IMessage
    {
        input.ReadMessage(message);
        return message;
    }

    private sealed class Parts
    {
        internal ulong LastIndex { get; init; }

        internal ClusterRecord? Cluster { get; set; }

        internal List<NodeRecord> Nodes { get; } = [];

        internal List<ServiceRecord> Services { get; } = [];

        internal List<(TaskRecord Task, DateTimeOffset RanSince)> Tasks { get; } = [];

        /// <summary>The records go through the draft that entries use: the indexes come by themselves.</summary>
        internal ClusterState Build()
        {
            var draft = new StateDraft(ClusterState.Empty, default, LastIndex);
            if (Cluster is not null)
            {
                draft.PutCluster(Cluster);
            }

            Nodes.ForEach(draft.PutNode);
            // Specs first come whole, then tasks count their uses; what nobody uses goes with the last put.
            Services.ForEach(draft.RestoreService);
            foreach (var (task, ranSince) in Tasks)
            {
                if (draft.Service(task.ServiceId)?.KeptSpecs.ContainsKey(task.SpecVersion) != true)
                {
                    throw new InvalidDataException($"a snapshot has task {task.Id} without its service or spec");
                }

                draft.RestoreTask(task, ranSince);
            }

            return draft.Finish().State;
        }
    }
}
