using Swarm.Ctl.Cli;
using Swarm.Model;
using Swarm.Protocol.V1;

namespace Swarm.Ctl.Verbs;

/// <summary>
/// Layers on their way, in docker's words: on a terminal one line each that is redrawn, elsewhere a line for each
/// change.
/// </summary>
internal sealed class TransferView(Cli.Ctl ctl, Func<LayerTransfer, string> words, bool quiet)
{
    private readonly List<(string Id, string Words)> _shown = [];
    private string? _title;

    internal static string Pulling(LayerTransfer layer) => layer.Phase switch
    {
        LayerTransfer.Types.Phase.Transferring => layer.BytesDone < layer.Bytes ? "Downloading" : "Download complete",
        LayerTransfer.Types.Phase.Extracting => "Extracting",
        LayerTransfer.Types.Phase.Complete => "Pull complete",
        LayerTransfer.Types.Phase.Present => "Already exists",
        _ => "Pulling fs layer",
    };

    internal static string Pushing(LayerTransfer layer) => layer.Phase switch
    {
        LayerTransfer.Types.Phase.Transferring => "Pushing",
        LayerTransfer.Types.Phase.Complete => "Pushed",
        LayerTransfer.Types.Phase.Present => "Layer already exists",
        LayerTransfer.Types.Phase.Mounted => $"Mounted from {layer.MountedFrom}",
        _ => "Preparing",
    };

    /// <summary>Printed when something happens: a failure before that has no title.</summary>
    internal void Begin(string title) => _title = title;

    internal void Show(IEnumerable<LayerTransfer> layers)
    {
        if (quiet)
        {
            return;
        }

        if (_title is not null)
        {
            ctl.Out.WriteLine(_title);
            _title = null;
        }

        foreach (var layer in layers)
        {
            Show(ImageParts.ShortId(layer.Digest), words(layer), Amount(layer));
        }

        ctl.Out.Flush();
    }

    private static string Amount(LayerTransfer layer) =>
        layer.Phase == LayerTransfer.Types.Phase.Transferring && layer.Bytes > 0
            ? $" {ImageParts.Size(layer.BytesDone)}/{ImageParts.Size(layer.Bytes)}"
            : "";

    private void Show(string id, string state, string amount)
    {
        var text = $"{id}: {Printable.Line(state)}";
        var at = _shown.FindIndex(s => s.Id == id);
        var full = ctl.IsTerminal ? text + amount : text;
        if (at >= 0 && _shown[at].Words == full)
        {
            return;
        }

        if (at < 0)
        {
            _shown.Add((id, full));
            ctl.Out.WriteLine(full);
            return;
        }

        _shown[at] = (id, full);
        if (!ctl.IsTerminal)
        {
            ctl.Out.WriteLine(full);
            return;
        }

        var up = _shown.Count - at;
        ctl.Out.Write($"\u001b[{up}A\r\u001b[2K{full}\u001b[{up}B\r");
    }
}
