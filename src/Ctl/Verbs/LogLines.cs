using System.Runtime.CompilerServices;
using Swarm.Model;
using Swarm.Protocol.V1;
using Swarm.Rpc;

namespace Swarm.Ctl.Verbs;

/// <summary>
/// The lines of logs as one sequence. Who follows goes on over a change of the leader: the next one is asked, and each
/// task's log goes on after the last line of it that came, without a gap and without a repetition.
/// </summary>
/// <param name="read">Asks whoever leads.</param>
/// <param name="request">What is wanted.</param>
/// <param name="clock">What time it is.</param>
internal sealed class LogLines(
    Func<ServiceLogsRequest, CancellationToken, IAsyncEnumerable<ServiceLogsResponse>> read,
    ServiceLogsRequest request, TimeProvider clock)
{
    /// <summary>Places that fit one request; who follows more tasks has to begin anew.</summary>
    private const int MostPlaces = 30_000;

    /// <summary>For so long nobody may answer before it is given up.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>An answer that lasted so long had begun, also when nothing was said.</summary>
    private static readonly TimeSpan Begun = TimeSpan.FromSeconds(1);

    /// <summary>After so long a task of which nothing came had nothing to tell at the beginning.</summary>
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(200);
    private readonly Dictionary<string, LogPlace> _places = new(StringComparer.Ordinal);
    private readonly HashSet<string> _warnings = new(StringComparer.Ordinal);
    private bool _hasBegun;
    private bool _isSettled;

    /// <summary>Until the logs end, or nobody has answered for a minute. To be read once.</summary>
    /// <exception cref="RpcException">Refused, or given up.</exception>
    internal async IAsyncEnumerable<ServiceLogsResponse> ReadAsync([EnumeratorCancellation] CancellationToken ct)
    {
        var (began, heard) = (clock.GetUtcNow(), clock.GetTimestamp());
        var asked = request;
        while (true)
        {
            var tried = clock.GetTimestamp();
            RpcException? loss = null;
            await using (var lines = read(asked, ct).GetAsyncEnumerator(ct))
            {
                while (true)
                {
                    var more = false;
                    try
                    {
                        more = await lines.MoveNextAsync().ConfigureAwait(false);
                    }
                    catch (RpcException e) when (IsLoss(e) && request.Follow && !ct.IsCancellationRequested)
                    {
                        loss = e;
                    }

                    if (!more)
                    {
                        break;
                    }

                    heard = clock.GetTimestamp();
                    if (Note(lines.Current))
                    {
                        yield return lines.Current;
                    }
                }
            }

            if (loss is null || !GoesOn(loss, tried, ref heard))
            {
                yield break;
            }

            asked = Rest(began);
            await Task.Delay(BetweenTries, clock, ct).ConfigureAwait(false);
        }
    }

    private bool IsLoss(RpcException e) =>
        e.Code == RpcStatusCode.Unavailable || (_hasBegun && e.Code == RpcStatusCode.NotFound);

    /// <summary>False when the same warning was shown before.</summary>
    private bool Note(ServiceLogsResponse line)
    {
        _hasBegun = true;
        if (line.Nth > 0)
        {
            _places[line.TaskId] = new LogPlace
            {
                TaskId = line.TaskId, AtNs = line.AtNs, Stderr = line.Stderr, Nth = line.Nth,
            };
        }

        return line.Warning.Length == 0 || _warnings.Add(line.Warning);
    }

    /// <summary>False when what was read is gone: that is its end.</summary>
    /// <exception cref="RpcException">There was no beginning, or there is no going on.</exception>
    private bool GoesOn(RpcException loss, long tried, ref long heard)
    {
        var lasted = clock.GetElapsedTime(tried);
        _hasBegun |= lasted >= Begun;
        _isSettled |= lasted >= Settled;
        if (_hasBegun && loss.Code == RpcStatusCode.NotFound)
        {
            return false;
        }

        heard = lasted >= Begun ? clock.GetTimestamp() : heard;
        return _hasBegun && _places.Count <= MostPlaces && clock.GetElapsedTime(heard) < Patience
            ? true
            : throw new RpcException(loss.Code, loss.Message, loss.Details);
    }

    /// <summary>
    /// What is still wanted. A task of which nothing came has begun meanwhile, so all of it is wanted, unless the break
    /// came before the first lines.
    /// </summary>
    private ServiceLogsRequest Rest(DateTimeOffset began)
    {
        var rest = request.Clone();
        rest.Places.Clear();
        rest.Places.Add(_places.Values);
        if (request.Tail == 0)
        {
            rest.SinceNs = Math.Max(request.SinceNs, SpecDefaults.ToNs(began - DateTimeOffset.UnixEpoch));
        }

        rest.Tail = request.Tail == 0 || _isSettled ? -1 : request.Tail;
        return rest;
    }
}
