using Swarm.Ctl.Cli;
using Swarm.Model;

namespace Swarm.Ctl.Verbs;

/// <summary>
/// Shows progress: bars that are redrawn on a terminal, otherwise a line for each change, in docker's wording.
/// </summary>
internal sealed class ProgressView(TextWriter output, bool isTerminal)
{
    /// <summary>More slots than this are not listed one by one, as docker does.</summary>
    private const int MaxSlotsListed = 20;

    private const int BarChars = 50;
    private const int StateChars = 9;

    private readonly Dictionary<string, string> _last = [];
    private int _drawn;

    /// <summary>Brings the picture up to date.</summary>
    internal void Show(ServiceWatch watch)
    {
        if (isTerminal)
        {
            Redraw(watch);
        }
        else
        {
            Append(watch);
        }

        output.Flush();
    }

    /// <summary>One line below everything.</summary>
    internal void Say(string line)
    {
        output.WriteLine(line);
        _drawn = 0;
        output.Flush();
    }

    private static IEnumerable<string> Overall(ServiceWatch watch)
    {
        if (watch.Headline.Length > 0)
        {
            yield return watch.Headline;
        }

        if (watch.IsJob)
        {
            yield return $"job progress: {watch.Done} out of {watch.Total} complete";
            yield return $"active tasks: {watch.Active.Now} out of {watch.Active.Most} tasks";
        }
        else
        {
            yield return "overall progress: " + (watch.IsRollback ? "rolling back update: " : "")
                + $"{watch.Done} out of {watch.Total} tasks";
        }
    }

    private void Append(ServiceWatch watch)
    {
        foreach (var line in Overall(watch))
        {
            Changed(line[..line.IndexOf(':', StringComparison.Ordinal)], line);
        }

        foreach (var slot in watch.Slots.Take(MaxSlotsListed).Where(s => s.Error.Length > 0))
        {
            Changed(slot.Label, $"{slot.Label}: {Printable.Line(slot.Error)}");
        }
    }

    /// <summary>Without a cursor a line is written when it says something new.</summary>
    private void Changed(string key, string line)
    {
        if (_last.GetValueOrDefault(key) != line)
        {
            _last[key] = line;
            output.WriteLine(line);
        }
    }

    private void Redraw(ServiceWatch watch)
    {
        var lines = Overall(watch).ToList();
        if (watch.Total <= MaxSlotsListed)
        {
            lines.AddRange(watch.Slots.Select(s => $"{s.Label}: {Bar(s)}"));
        }

        if (_drawn > 0)
        {
            output.Write($"\u001b[{_drawn}A");
        }

        foreach (var line in lines)
        {
            output.WriteLine("\u001b[2K" + line);
        }

        for (var extra = lines.Count; extra < _drawn; extra++)
        {
            output.WriteLine("\u001b[2K");
        }

        _drawn = Math.Max(_drawn, lines.Count);
    }

    private static string Bar(SlotProgress slot)
    {
        if (slot.Error.Length > 0)
        {
            return Printable.Line(slot.Error);
        }

        var ranks = TaskStates.All.Where(s => s is > TaskState.New and <= TaskState.Running).ToList();
        var rank = Math.Clamp(ranks.IndexOf(slot.State) + 1, 0, ranks.Count);
        var filled = BarChars * rank / ranks.Count;
        var bar = filled == 0 ? "" : new string('=', filled - 1) + ">";
        return $"{slot.State.ToString().ToLowerInvariant().PadRight(StateChars)} [{bar.PadRight(BarChars)}]";
    }
}
