namespace Swarm.Runtime.Containers;

/// <summary>Joins partial records of each stream to lines of bounded length.</summary>
internal sealed class LogAssembler
{
    private readonly MemoryStream[] _pending = [new(), new()];
    private readonly DateTimeOffset[] _since = new DateTimeOffset[2];
    private readonly (DateTimeOffset At, long Count)[] _last = new (DateTimeOffset, long)[2];

    internal void Add(LogRecord record, Action<LogLine> emit)
    {
        var index = record.IsStandardError ? 1 : 0;
        var pending = _pending[index];
        if (pending.Length == 0)
            _since[index] = record.At;
        var text = record.Text;
        while (pending.Length + text.Length > LogLine.MaxBytes)
        {
            var room = LogLine.MaxBytes - (int)pending.Length;
            pending.Write(text[..room]);
            text = text[room..];
            emit(Take(index, cut: true));
        }
        pending.Write(text);
        if (!record.Partial)
            emit(Take(index, cut: false));
    }

    /// <summary>What was written without a final line feed.</summary>
    internal void Flush(Action<LogLine> emit)
    {
        for (var i = 0; i < _pending.Length; i++)
            if (_pending[i].Length > 0)
                emit(Take(i, cut: true));
    }

    private LogLine Take(int index, bool cut)
    {
        var at = _since[index];
        _last[index] = (at, _last[index].At == at ? _last[index].Count + 1 : 1);
        var line = new LogLine(at, index == 1, _pending[index].ToArray(), cut) { Nth = _last[index].Count };
        _pending[index].SetLength(0);
        return line;
    }
}
