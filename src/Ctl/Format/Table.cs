using System.Text;

namespace Swarm.Ctl.Format;

/// <summary>Columns as docker's: three spaces between, the last one not padded less than its title.</summary>
internal static class Table
{
    private const int Gap = 3;

    internal static void Print(TextWriter output, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        if (rows.Count == 0)
        {
            return;
        }

        var widths = new int[rows[0].Count];
        foreach (var row in rows)
        {
            for (var i = 0; i < row.Count; i++)
            {
                widths[i] = Math.Max(widths[i], row[i].Length);
            }
        }

        foreach (var row in rows)
        {
            var line = new StringBuilder();
            for (var i = 0; i < row.Count; i++)
            {
                line.Append(i == row.Count - 1 ? row[i].PadRight(widths[i]) : row[i].PadRight(widths[i] + Gap));
            }

            output.WriteLine(line.ToString());
        }
    }
}
