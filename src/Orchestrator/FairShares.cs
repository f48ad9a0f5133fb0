namespace Swarm.Orchestrator;

/// <summary>Divides room among those that ask for different amounts: nobody gets more than asked, and who asks for
/// much gets no more than others that could not have all they asked for.</summary>
internal static class FairShares
{
    internal static int[] Of(int[] asked, int room)
    {
        var shares = new int[asked.Length];
        var order = Enumerable.Range(0, asked.Length).OrderBy(i => asked[i]).ToArray();
        for (var i = 0; i < order.Length; i++)
        {
            var share = Math.Min(asked[order[i]], room / (order.Length - i));
            shares[order[i]] = share;
            room -= share;
        }

        return shares;
    }
}
