namespace Swarm.Ctl.Cli;

/// <summary>
/// Finds the keys with which a person leaves a terminal without ending what runs there. What may be their beginning is
/// held back until the next key decides.
/// </summary>
internal sealed class DetachKeys
{
    internal const string Default = "ctrl-p,ctrl-q";
    private const string Control = "ctrl-";

    // ctrl-@ is 0, ctrl-a 1, … ctrl-z 26, then [ \ ] ^ _.
    private const string ControlKeys = "@abcdefghijklmnopqrstuvwxyz[\\]^_";
    private readonly byte[] _keys;
    private int _seen;

    private DetachKeys(byte[] keys) => _keys = keys;

    /// <summary>"ctrl-p,ctrl-q", "a,b", "ctrl-]".</summary>
    /// <exception cref="UsageException">Not such keys.</exception>
    internal static DetachKeys Parse(string text)
    {
        return new DetachKeys([.. text.Split(',').Select(Key)]);

        byte Key(string key) => key switch
        {
            [var letter] when char.IsAscii(letter) && !char.IsControl(letter) => (byte)letter,
            [.., var last] when key.Length == Control.Length + 1
                && key.StartsWith(Control, StringComparison.OrdinalIgnoreCase)
                && ControlKeys.IndexOf(char.ToLowerInvariant(last)) is >= 0 and var code => (byte)code,
            _ => throw new UsageException(
                $"--detach-keys '{text}': '{key}' is no key; write a letter or ctrl- and a letter, like {Default}"),
        };
    }

    /// <summary>What of the input goes on; true when the keys were typed, and nothing after them counts.</summary>
    internal bool Take(ReadOnlySpan<byte> typed, List<byte> passes)
    {
        foreach (var key in typed)
        {
            if (key == _keys[_seen])
            {
                if (++_seen == _keys.Length)
                {
                    return true;
                }

                continue;
            }

            passes.AddRange(_keys.AsSpan(0, _seen));
            _seen = 0;
            if (key == _keys[0] && _keys.Length > 1)
            {
                _seen = 1;
            }
            else
            {
                passes.Add(key);
            }
        }

        return false;
    }
}
