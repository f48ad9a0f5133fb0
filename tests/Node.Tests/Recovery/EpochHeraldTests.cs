using Swarm.Node.Recovery;

namespace Swarm.Node.Tests.Recovery;

/// <summary>
/// A manager that was left behind hears of a new beginning at an address that it does not know (raft-pitfalls R30).
/// </summary>
public sealed class EpochHeraldTests
{
    private static readonly TimeSpan AtMost = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Who_was_left_behind_is_told_where_the_swarm_began_anew_and_believes_only_what_it_finds_there()
    {
        await using var two = await TwoEpochs.StartAsync();
        var heard = new TaskCompletionSource<EpochAnswer>();
        await using var watch = new EpochWatch(
            two.Old, () => two.OldIdentity, answer => heard.TrySetResult(answer), e => heard.TrySetException(e));

        // Anybody may announce: nobody is there, or one of the same epoch.
        var cluster = two.OldIdentity.ClusterId.Value;
        foreach (var liar in new[] { "127.0.0.1:1", two.OldAddress })
        {
            var hearer = Assert.Single(await EpochProbe.TellAsync(
                [two.OldAddress], new EpochAnswer(liar, ulong.MaxValue, cluster), two.NewIdentity.RootPem, AtMost,
                default));
            Assert.Equal((0UL, cluster), (hearer.Epoch, hearer.ClusterId));
        }

        var file = new LeftBehindFile(two.LeftBehind);
        file.Add([two.OldAddress, two.NewAddress]);
        var notes = new List<string>();
        await using (new EpochHerald(file, two.New, () => two.NewIdentity, Options(two, notes)))
        {
            var answer = await heard.Task.WaitAsync(AtMost);
            Assert.Equal(new EpochAnswer(two.NewAddress, two.New.Epoch, cluster), answer);
            Assert.Contains(two.NewAddress, Superseded.Text(0, answer), StringComparison.Ordinal);
            await UntilAsync(() => file.Addresses.Count == 1);
        }

        // Who belongs to the new epoch is told no more; who has only heard it is, in case it forgets.
        Assert.Equal([two.OldAddress], file.Addresses);
        Assert.Contains($"{two.OldAddress} is a manager of epoch 0", Assert.Single(notes), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_restore_finds_managers_that_still_live()
    {
        await using var two = await TwoEpochs.StartAsync();
        var answers = await EpochProbe.AnswersAsync(
            ["127.0.0.1:1", two.OldAddress], two.NewIdentity.RootPem, AtMost, default);
        Assert.Equal((two.OldAddress, 0UL), (Assert.Single(answers).Manager, answers[0].Epoch));
    }

    [Fact]
    public void Those_who_are_to_be_told_are_kept_on_disk()
    {
        var directory = Directory.CreateTempSubdirectory("swarm-left-").FullName;
        try
        {
            var path = Path.Combine(directory, "left-behind");
            var file = new LeftBehindFile(path);
            Assert.Empty(file.Addresses);
            file.Add([]);
            Assert.False(File.Exists(path));
            file.Add(["10.0.0.1:2377", "10.0.0.2:2377"]);
            file.Add(["10.0.0.2:2377"]);
            Assert.Equal(["10.0.0.1:2377", "10.0.0.2:2377"], new LeftBehindFile(path).Addresses);
            file.Remove("10.0.0.1:2377");
            file.Remove("10.0.0.2:2377");
            Assert.False(File.Exists(path));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static EpochHeraldOptions Options(TwoEpochs two, List<string> notes) => new(
        two.NewAddress, notes.Add, e => Assert.Fail(e.ToString()), TimeProvider.System);

    private static async Task UntilAsync(Func<bool> holds)
    {
        var end = Environment.TickCount64 + (long)AtMost.TotalMilliseconds;
        while (!holds())
        {
            Assert.True(Environment.TickCount64 < end, "it did not come");
            await Task.Delay(20);
        }
    }
}
