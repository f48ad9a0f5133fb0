using System.Net;
using System.Net.Sockets;
using Google.Protobuf;
using Swarm.Protocol.V1;
using Swarm.RoutingMesh.Core;

namespace Swarm.Worker;

/// <summary>
/// Ports that tasks of this node publish on this node alone. Kept in a file for each task, so that a restarted daemon
/// programs them together with the first mesh and no connection is refused in between.
/// </summary>
internal sealed class HostPortBook(string directory)
{
    private readonly SortedDictionary<string, (IPAddress Address, List<PortConfig> Ports)> _tasks =
        new(StringComparer.Ordinal);

    /// <summary>Reads back what tasks that are still attached had published; forgets the others.</summary>
    internal void Load(Dictionary<string, IPAddress> attached)
    {
        Directory.CreateDirectory(directory);
        foreach (var file in Directory.GetFiles(directory))
        {
            var task = Path.GetFileName(file);
            if (attached.TryGetValue(task, out var address))
            {
                _tasks[task] = (address, [.. EndpointSpec.Parser.ParseFrom(File.ReadAllBytes(file)).Ports]);
            }
            else
            {
                File.Delete(file);
            }
        }
    }

    /// <summary>True when something changed.</summary>
    internal bool Publish(string task, IPAddress address, IEnumerable<PortConfig> ports)
    {
        var list = ports.ToList();
        if (_tasks.TryGetValue(task, out var known) && known.Address.Equals(address) && known.Ports.SequenceEqual(list))
        {
            return false;
        }

        var document = new EndpointSpec();
        document.Ports.Add(list);
        Directory.CreateDirectory(directory);
        File.WriteAllBytes(Path.Combine(directory, task), document.ToByteArray());
        _tasks[task] = (address, list);
        return true;
    }

    /// <summary>The first of these ports that somebody else has, in words; null when all are free.</summary>
    internal string? Taken(string task, IReadOnlyCollection<PortConfig> ports)
    {
        foreach (var port in ports)
        {
            var text = MeshBook.Text(port);
            if (_tasks.FirstOrDefault(t => t.Key != task && t.Value.Ports.Any(
                p => p.PublishedPort == port.PublishedPort && p.Protocol == port.Protocol)).Key is { } holder)
            {
                return $"port {text} is published by container {holder} already; use another, or end that one";
            }

            if (IsBound(port))
            {
                return $"port {text} is in use by a program of this host; use another, or end it";
            }
        }

        return null;
    }

    private static bool IsBound(PortConfig port)
    {
        var isTcp = port.Protocol != PortConfig.Types.Protocol.Udp;
        using var probe = new Socket(
            AddressFamily.InterNetwork, isTcp ? SocketType.Stream : SocketType.Dgram,
            isTcp ? ProtocolType.Tcp : ProtocolType.Udp);
        try
        {
            probe.Bind(new IPEndPoint(IPAddress.Any, (int)port.PublishedPort));
            return false;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            return true;
        }
    }

    /// <summary>True when the task had published something.</summary>
    internal bool Withdraw(string task)
    {
        File.Delete(Path.Combine(directory, task));
        return _tasks.Remove(task);
    }

    internal void Clear()
    {
        _tasks.Clear();
        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    internal IEnumerable<PublishedService> Services() => _tasks.SelectMany(
        task => task.Value.Ports.Where(p => p.PublishedPort != 0).Select(port => new PublishedService(
            task.Key, MeshBook.Protocol(port), (ushort)port.PublishedPort, PublishMode.Host,
            [new RoutingMesh.Core.MeshBackend(task.Value.Address, (ushort)port.TargetPort)])));
}
