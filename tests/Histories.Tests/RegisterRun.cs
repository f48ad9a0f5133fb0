namespace Swarm.Histories.Tests;

/// <summary>
/// A register that is right by construction: every operation acts at one moment between its start and its end, and
/// some answers are lost, with or without their effect. Refusals entangle a history: any unknown change may explain
/// one.
/// </summary>
internal static class RegisterRun
{
    private const int Operations = 4_000;

    private sealed record Pending(Operation Operation, long ActsAt, long EndsAt, bool Lost, bool Acts);

    public static List<Operation> Record(int seed, int clients, bool refusals)
    {
        var dice = new Random(seed);
        var values = new Dictionary<string, string?>();
        var history = new List<Operation>();
        var pending = new List<Pending>();
        var free = new long[clients];
        for (long now = 0; history.Count < Operations; now++)
        {
            foreach (var due in pending.Where(p => p.ActsAt <= now).ToArray())
            {
                pending.Remove(due);
                history.Add(Act(due, values, refusals));
            }
            for (var client = 0; client < clients; client++)
            {
                if (free[client] > now || dice.Next(3) > 0)
                    continue;
                var next = Ask(dice, client, (now, 3 + (clients / 6)), values);
                free[client] = next.EndsAt + 1;
                pending.Add(next);
            }
        }
        return history;
    }

    private static Pending Ask(Random dice, int client, (long Now, int Keys) at, Dictionary<string, string?> values)
    {
        var (now, key) = (at.Now, $"k{dice.Next(at.Keys)}");
        var kind = dice.Next(10) switch
        {
            < 5 => OperationKind.Read,
            < 7 => OperationKind.Write,
            < 9 => OperationKind.CompareAndSet,
            _ => dice.Next(2) == 0 ? OperationKind.Create : OperationKind.Delete,
        };
        var value = kind is OperationKind.Read or OperationKind.Delete ? null : $"{client}@{now}";
        var (acts, answer) = (1 + dice.Next(10), dice.Next(10));
        var lost = kind != OperationKind.Read && dice.Next(20) == 0;
        if (lost)
            acts += dice.Next(100);
        var operation = new Operation(
            client, now * 1000, (now + acts + answer) * 1000, key, kind, value, null, OperationOutcome.Known)
        {
            Expected = values.GetValueOrDefault(key),
        };
        return new(operation, now + acts, now + acts + answer, lost, !lost || dice.Next(2) == 0);
    }

    private static Operation Act(Pending p, Dictionary<string, string?> values, bool refusals)
    {
        var o = p.Operation;
        var value = values.GetValueOrDefault(o.Key);
        if (o.Kind == OperationKind.Read)
            return o with { Result = value };
        var applies = p.Acts && o.Kind switch
        {
            OperationKind.Write => true,
            OperationKind.CompareAndSet => value == o.Expected,
            OperationKind.Create => value is null,
            _ => value is not null,
        };
        if (applies)
            values[o.Key] = o.Value;
        if (p.Lost)
            return o.Lost();
        return applies || refusals
            ? o with { Result = applies ? Operation.Ok : Operation.Refused }
            : o with { Outcome = OperationOutcome.NotDone };
    }
}
