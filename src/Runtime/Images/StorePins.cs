namespace Swarm.Runtime.Images;

/// <summary>
/// What is being brought into the store or is about to be leased: deleting leaves it alone. Who pins before looking
/// whether something is there, can rely on what it sees; who deletes holds <see cref="Gate"/> from its decision until
/// the names are gone.
/// </summary>
internal sealed class StorePins
{
    private readonly Dictionary<string, int> _counts = [];

    /// <summary>Held for moments only; nothing waits for the network or deletes trees under it.</summary>
    internal Lock Gate { get; } = new();

    internal Pin New() => new(this);

    /// <summary>Asked with <see cref="Gate"/> held.</summary>
    internal bool IsPinned(string hex) => _counts.ContainsKey(hex);

    /// <summary>Pins of one piece of work.</summary>
    internal sealed class Pin(StorePins pins) : IDisposable
    {
        private readonly List<string> _held = [];

        internal void Add(IEnumerable<string> hexes)
        {
            lock (pins.Gate)
            {
                foreach (var hex in hexes)
                {
                    pins._counts[hex] = pins._counts.GetValueOrDefault(hex) + 1;
                    _held.Add(hex);
                }
            }
        }

        public void Dispose()
        {
            lock (pins.Gate)
            {
                foreach (var hex in _held)
                {
                    if (--pins._counts[hex] == 0)
                        pins._counts.Remove(hex);
                }

                _held.Clear();
            }
        }
    }
}
