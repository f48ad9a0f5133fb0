using static Swarm.Histories.Tests.History;

namespace Swarm.Histories.Tests;

/// <summary>Histories whose verdict is known by thought.</summary>
public sealed class KnownHistoryTests
{
    public static TheoryData<string, Operation[]> Good => new()
    {
        { "nothing happened", [] },
        { "absent at first", [Read(0, 1, null)] },
        { "a read beside a write sees the old value", [Write(0, 10, "a"), Read(2, 3, null), Read(11, 12, "a")] },
        { "a read beside a write sees the new value", [Write(0, 10, "a"), Read(2, 3, "a"), Read(4, 5, "a")] },
        { "two writes at once, in the other order", [Write(0, 9, "a"), Write(1, 8, "b"), Read(10, 11, "a")] },
        { "an unknown write is seen much later", [Write(0, 1, "a"), Write(2, 3, "b").Lost(), Read(5, 6, "a"),
            Read(7, 8, "a"), Read(90, 91, "b")] },
        { "an unknown write is never seen", [Write(0, 1, "a"), Write(2, 3, "b").Lost(), Read(5, 6, "a")] },
        { "a chain of unknown changes", [Write(0, 1, "a"), Set(2, 3, "a", "b").Lost(), Set(4, 5, "b", "c").Lost(),
            Read(9, 10, "c")] },
        { "one of two sets wins", [Write(0, 1, "a"), Set(2, 9, "a", "b"), Set(3, 8, "a", "c", ok: false),
            Read(10, 11, "b")] },
        { "a refusal is explained by an unknown write", [Write(0, 1, "a"), Write(2, 3, "b").Lost(),
            Set(4, 5, "a", "c", ok: false), Read(6, 7, "b")] },
        { "create, delete, create", [Create(0, 1, "a"), Create(2, 3, "b", ok: false), Delete(4, 5),
            Delete(6, 7, ok: false), Create(8, 9, "c"), Read(10, 11, "c")] },
        { "an unknown deletion explains a creation", [Create(0, 1, "a"), Delete(2, 3).Lost(), Create(4, 5, "b")] },
        { "the same value twice", [Write(0, 1, "a"), Write(2, 3, "b"), Write(4, 5, "a"), Read(6, 7, "a")] },
    };

    public static TheoryData<string, Operation[]> Bad => new()
    {
        { "read of what nobody wrote", [Read(0, 1, "a")] },
        { "stale read", [Write(0, 1, "a"), Write(2, 3, "b"), Read(4, 5, "a")] },
        { "lost write", [Write(0, 1, "a"), Read(2, 3, null)] },
        { "reads go back", [Write(0, 1, "a"), Write(2, 20, "b"), Read(3, 4, "b"), Read(5, 6, "a")] },
        { "two readers see two orders", [Write(0, 20, "a"), Write(0, 20, "b"), Read(21, 22, "a"), Read(23, 24, "b")] },
        { "an unknown write is seen, then unseen", [Write(0, 1, "a"), Write(2, 3, "b").Lost(), Read(5, 6, "b"),
            Read(7, 8, "a")] },
        { "an unknown write acts twice", [Write(0, 1, "a").Lost(), Read(2, 3, "a"), Write(4, 5, "b"),
            Read(6, 7, "b"), Read(8, 9, "a")] },
        { "seen before it was asked", [Read(0, 1, "a"), Write(2, 3, "a")] },
        { "both sets win", [Write(0, 1, "a"), Set(2, 9, "a", "b"), Set(3, 8, "a", "c")] },
        { "a set is refused without reason", [Write(0, 1, "a"), Set(2, 3, "a", "b", ok: false), Read(4, 5, "a")] },
        { "both creations win", [Create(0, 9, "a"), Create(1, 8, "b")] },
        { "a deletion of nothing", [Delete(0, 1)] },
        { "a creation acts although it was refused", [Create(0, 1, "a"), Create(2, 3, "b", ok: false),
            Read(4, 5, "b")] },
        { "deleted, and there again", [Create(0, 1, "a"), Delete(2, 3), Read(4, 5, "a")] },
    };

    [Theory]
    [MemberData(nameof(Good))]
    public void AnOrderIsFound(string what, Operation[] history)
    {
        Assert.NotNull(what);
        Assert.IsType<Verdict.Ok>(HistoryChecker.Check(history));
    }

    [Theory]
    [MemberData(nameof(Bad))]
    public void AContradictionIsFound(string what, Operation[] history)
    {
        Assert.NotNull(what);
        Assert.IsType<Verdict.Violation>(HistoryChecker.Check(history));
    }

    [Fact]
    public void KeysAreIndependentAndTheBrokenOneIsNamed()
    {
        var verdict = HistoryChecker.Check([
            Write(0, 1, "a"), Read(2, 3, "a") with { Key = "other" }, Read(4, 5, "a"), Read(6, 7, "a")]);
        var violation = Assert.IsType<Verdict.Violation>(verdict);
        Assert.Equal("other", violation.Key);
        Assert.Single(violation.Minimal);
    }

    [Fact]
    public void TheContradictionIsCutAndRidOfReadsThatDoNotMatter()
    {
        var history = new List<Operation>();
        for (var i = 0; i < 50; i++)
        {
            history.Add(Write(i * 10, (i * 10) + 1, $"v{i}"));
            history.Add(Read((i * 10) + 2, (i * 10) + 3, $"v{i}"));
        }
        history.Insert(40, Read(196, 197, "v3"));
        var violation = Assert.IsType<Verdict.Violation>(HistoryChecker.Check(history));
        Assert.Equal(196, violation.Broken.StartNs);
        Assert.Equal(1, violation.Minimal.Count(o => o.Kind == OperationKind.Read));
        Assert.All(violation.Minimal, o => Assert.True(o.StartNs <= 197));
        Assert.Contains("v3", violation.Explanation, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsKnownNotToBeDoneIsNotLookedAt()
    {
        var refused = Write(2, 3, "b").Lost() with { Outcome = OperationOutcome.NotDone };
        Assert.IsType<Verdict.Ok>(HistoryChecker.Check([Write(0, 1, "a"), refused, Read(4, 5, "a")]));
        Assert.IsType<Verdict.Violation>(HistoryChecker.Check([Write(0, 1, "a"), refused, Read(4, 5, "b")]));
    }

    [Fact]
    public void AnOperationThatContradictsItselfIsRefused()
    {
        Assert.Throws<ArgumentException>(() => HistoryChecker.Check([Write(5, 4, "a")]));
        Assert.Throws<ArgumentException>(() => HistoryChecker.Check([Write(1, 2, "a") with { EndNs = null }]));
        Assert.Throws<ArgumentException>(() => HistoryChecker.Check([Write(1, 2, "a") with { Value = null }]));
        Assert.Throws<ArgumentException>(() => HistoryChecker.Check([Delete(1, 2) with { Result = "?" }]));
    }

    [Fact]
    public void ASearchThatIsTooLongSaysSo()
    {
        var history = Enumerable.Range(0, 12).Select(i => Write(0, 100, $"v{i}")).ToList();
        history.Add(Read(200, 201, "nobody's"));
        Assert.IsType<Verdict.Undecided>(HistoryChecker.Check(history, maxSteps: 100));
        Assert.IsType<Verdict.Violation>(HistoryChecker.Check(history));
    }
}
