namespace Swarm.Histories.Tests;

/// <summary>The search against trying every order, and against registers that are right by construction.</summary>
public sealed class RandomHistoryTests
{
    private static readonly string[] Values = ["a", "b", "c"];

    [Fact]
    public void SmallHistoriesGetTheVerdictOfTryingEveryOrder()
    {
        var (good, bad) = (0, 0);
        for (var seed = 0; seed < 6_000; seed++)
        {
            var dice = new Random(seed);
            var history = Enumerable.Range(0, 2 + dice.Next(5)).Select(i => Any(dice, i)).ToArray();
            var expected = EveryOrder.Explains(history);
            var verdict = HistoryChecker.Check(history);
            Assert.True(expected == verdict is Verdict.Ok, $"seed {seed}: {string.Join('\n', (object[])history)}");
            _ = expected ? good++ : bad++;
        }
        Assert.True(good > 500 && bad > 500, $"{good} good, {bad} bad");
    }

    [Theory]
    [InlineData(1, 4, true)]
    [InlineData(2, 16, true)]
    [InlineData(3, 40, false)]
    public void ARealRegisterIsLinearizableAndAStaleReadOfItIsNot(int seed, int clients, bool refusals)
    {
        var history = RegisterRun.Record(seed, clients, refusals);
        Assert.IsType<Verdict.Ok>(HistoryChecker.Check(history));
        var written = history.First(o => o is { Kind: OperationKind.Write, Outcome: OperationOutcome.Known });
        history.Add(new(99, 9_000_000, 9_000_001, written.Key, OperationKind.Read, null, written.Value,
            OperationOutcome.Known));
        Assert.IsType<Verdict.Violation>(HistoryChecker.Check(history));
    }

    private static Operation Any(Random dice, int client)
    {
        var start = dice.Next(12);
        var kind = (OperationKind)dice.Next(5);
        var value = Values[dice.Next(Values.Length)];
        var ok = kind == OperationKind.Write || dice.Next(3) > 0 ? Operation.Ok : Operation.Refused;
        var result = kind == OperationKind.Read ? dice.Next(3) == 0 ? null : value : ok;
        var known = new Operation(
            client, start, start + 1 + dice.Next(8), "k", kind,
            kind is OperationKind.Read or OperationKind.Delete ? null : value, result, OperationOutcome.Known)
        {
            Expected = dice.Next(3) == 0 ? null : Values[dice.Next(Values.Length)],
        };
        return kind != OperationKind.Read && dice.Next(4) == 0 ? known.Lost() : known;
    }
}
