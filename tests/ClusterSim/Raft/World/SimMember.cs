using Swarm.ClusterSim.Disk;
using Swarm.Raft;
using Swarm.Raft.Core;
using Swarm.Raft.Storage;
using Swarm.Store;

namespace Swarm.ClusterSim.Raft;

/// <summary>
/// One manager: the product's raft machine, storage and state on a simulated disk, with the loop around it that the
/// product runs on a thread. It survives crashes as machines do.
/// </summary>
internal sealed class SimMember : IRaftTransport
{
    private const int MaxTicksAtOnce = 10;
    private const int MaxWaitingMessages = 4_096;
    private readonly World _world;
    private readonly List<RaftMessage> _messages = [];
    private readonly List<NodeRequest> _requests = [];
    private readonly List<(Task Task, Action Then)> _waits = [];
    private long _wakeAtUs = long.MaxValue;
    private long _pausedUntilUs;
    private int _life;
    private bool _hasRun;
    private TickClock? _ticks;
    private MemberProcess? _process;

    public SimMember(World world, RaftMember self)
    {
        (_world, Self, Held) = (world, self, new HeldUp(world.Timeline));
        Disk = new SimDisk(world.Dice, world.Coverage);
        Clock = new MemberClock(world.Timeline);
        Checks = world.Checks;
        if (world.Plan.Encrypted)
            NewKey();
    }

    public RaftMember Self { get; }

    public RaftId Id => Self.Id;

    /// <summary>Of the envelope of all its messages; another epoch of the cluster has another.</summary>
    public string ClusterId { get; init; } = "sim";

    public SimDisk Disk { get; }

    /// <summary>What disk and state machine do to its thread.</summary>
    public HeldUp Held { get; }

    public MemberClock Clock { get; }

    /// <summary>Those of the cluster that it belongs to.</summary>
    public Checks Checks { get; }

    /// <summary>Keys that its host keeps for it, the one to write with last; none = plaintext.</summary>
    public List<DataKey> Keys { get; } = [];

    /// <summary>The newest format of entries that its program reads.</summary>
    public uint Reads { get; set; } = StoreFormat.Newest;

    /// <summary>Null while it is down.</summary>
    public MemberProcess? Process => _process;

    /// <summary>The configuration in force when it was looked at last, also of one that is down.</summary>
    public RaftConfiguration Known { get; private set; } = RaftConfiguration.Empty;

    /// <summary>It will not come back: its disk is wiped or damaged, or it was taken away after its removal.</summary>
    public long? LostAtUs { get; private set; }

    /// <summary>Its disk was changed behind its back: what it promised may be gone.</summary>
    public bool Damaged { get; set; }

    public bool IsUp => _process is not null;

    public bool IsPaused => _pausedUntilUs > _world.Timeline.NowUs;

    public void Lose() => LostAtUs ??= _world.Timeline.NowUs;

    /// <summary>Its host makes another key and keeps it, before anything is written with it.</summary>
    public DataKey NewKey()
    {
        var bytes = _world.Dice.Bytes(DataKey.KeyBytes);
        Keys.Add(new DataKey(new Guid(bytes.AsSpan(0, 16)), bytes));
        return Keys[^1];
    }

    public void Pause(long us) => _pausedUntilUs = Math.Max(_pausedUntilUs, _world.Timeline.NowUs + us);

    public void Resume() => _pausedUntilUs = 0;

    /// <summary>A message has come from the network.</summary>
    public void Receive(RaftMessage message)
    {
        if (!IsUp || _messages.Count >= MaxWaitingMessages)
            return;
        _messages.Add(message);
        WakeBy(_world.Timeline.NowUs);
    }

    /// <summary>Somebody on this member asks for something; what comes of it is lost with the process.</summary>
    public void Submit(NodeRequest request, Task answer, Action then)
    {
        if (!IsUp)
            return;
        _requests.Add(request);
        _waits.Add((answer, then));
        WakeBy(_world.Timeline.NowUs);
    }

    /// <summary>Starts from what the disk has. False when it could not.</summary>
    public bool TryStart()
    {
        _life++;
        if (_hasRun && !RaftStorage.Exists(Disk, MemberProcess.Directory) && !Planted.Breaks(Rule.R25Vote))
        {
            // Its host knows that there was a log once: it must join as a new member.
            _world.Coverage.Count("empty disk refused");
            Lose();
            return false;
        }
        _hasRun = true;
        Guard(() =>
        {
            _process = MemberProcess.Start(_world, this, _world.Dice.Next());
            _ticks = new TickClock(Clock);
            Held.Begin(_process.StallTimeoutMs);
            Checks.OnStart(this, _process.Core);
            _process.Machine.Settle();
            Checks.OnTurn(this);
        });
        if (!IsUp)
            return false;
        Known = _process!.Core.Configuration;
        BeBusy();
        WakeBy(Held.BusyUntilUs);
        return true;
    }

    /// <summary>All of the process is gone at once; with the power also what was not synced.</summary>
    public void Crash(bool power)
    {
        _world.Trace.Add(_world.Timeline.NowUs, 'X', Id.Value, power ? 1UL : 0);
        if (_world.Trace.IsRead)
            _world.Trace.Line(_world.Timeline.NowUs, $"{Id} crashes{(power ? ", power cut" : "")}");
        End();
        Action stop = power ? Disk.CutPower : Disk.KillProcess;
        stop();
        _world.OnDown(this);
    }

    public void Send(RaftMember to, RaftMessage message)
    {
        Disk.Step();
        _world.Send(this, to, message, _world.Timeline.NowUs + Disk.LatencyUs);
    }

    /// <summary>Work beside the raft thread: some time later, and never if the process ends before.</summary>
    public void RunAside(Action work)
    {
        var life = _life;
        _world.Timeline.After(Timeline.UsPerMs * _world.Dice.Below(_world.Plan.AsideMs + 1), () =>
        {
            if (life != _life)
                return;
            var latency = Disk.LatencyUs;
            Guard(work);
            Disk.LatencyUs = latency;
        });
    }

    /// <summary>Something is to be done.</summary>
    public void Wake() => WakeBy(_world.Timeline.NowUs);

    private void End()
    {
        if (_process is null)
            return;
        Known = _process.Core.Configuration;
        _process = null;
        _life++;
        _wakeAtUs = long.MaxValue;
        _messages.Clear();
        _requests.Clear();
        _waits.Clear();
    }

    private void WakeBy(long timeUs)
    {
        timeUs = Math.Max(timeUs, Math.Max(Held.BusyUntilUs, _pausedUntilUs));
        if (_wakeAtUs <= timeUs)
            return;
        _wakeAtUs = timeUs;
        var life = _life;
        _world.Timeline.At(timeUs, () =>
        {
            if (life == _life && _wakeAtUs <= _world.Timeline.NowUs)
                Turn();
        });
    }

    /// <summary>What the product's loop does: messages, ticks, requests, and then everything at once.</summary>
    private void Turn()
    {
        _wakeAtUs = long.MaxValue;
        var now = _world.Timeline.NowUs;
        if (now < Math.Max(Held.BusyUntilUs, _pausedUntilUs))
        {
            WakeBy(now);
            return;
        }
        Guard(RunTurn);
        if (!IsUp)
            return;
        BeBusy();
        Known = _process!.Core.Configuration;
        Answer();
        if (IsUp)
            WakeBy(Held.BusyUntilUs + Clock.RealUs(_ticks!.MsUntilTick() * Timeline.UsPerMs));
    }

    private void BeBusy()
    {
        Held.Take(Disk.TakeLatencyUs());
        if (Held.IsWatched)
            Watch();
    }

    /// <summary>What the product's second thread does, as long as there is something to see.</summary>
    private void Watch()
    {
        var life = _life;
        _world.Timeline.After(StallJudge.PeriodMs * Timeline.UsPerMs, () =>
        {
            if (life == _life && !IsPaused)
                Held.Look(_process!.Machine);
            if (life == _life && _world.Timeline.NowUs < Held.BusyUntilUs)
                Watch();
        });
    }

    private void RunTurn()
    {
        var machine = _process!.Machine;
        foreach (var message in _messages)
            machine.Receive(message);
        _messages.Clear();
        for (var ticks = _ticks!.TakeTicks(MaxTicksAtOnce); ticks > 0; ticks--)
            machine.Tick();
        foreach (var request in _requests)
            machine.HandIn(request);
        _requests.Clear();
        machine.Settle();
        Checks.OnTurn(this);
    }

    private void Answer()
    {
        for (var i = 0; i < _waits.Count; i++)
        {
            if (!_waits[i].Task.IsCompleted)
                continue;
            var (then, life) = (_waits[i].Then, _life);
            _waits.RemoveAt(i--);
            _world.Timeline.At(Held.SilentUntilUs, () =>
            {
                if (life == _life)
                    then();
            });
        }
    }

    /// <summary>Runs a part of the process, which the disk may end.</summary>
    private void Guard(Action part)
    {
        try
        {
            part();
        }
        catch (PowerCutException)
        {
            _world.Coverage.Count("crash between disk operations");
            Crash(power: !_world.Dice.OneIn(3));
        }
        catch (StorageFailedException e)
        {
            _world.Trace.Line(_world.Timeline.NowUs, $"{Id} stops: {e.Message}");
            _world.Coverage.Count("stopped by its disk");
            Crash(power: _world.Dice.OneIn(2));
        }
        catch (Exception e) when (Damaged && e is StorageCorruptException or StorageRefusedException)
        {
            _world.Trace.Line(_world.Timeline.NowUs, $"{Id} refuses its disk: {e.Message}");
            _world.Coverage.Count("damage refused");
            Lose();
            End();
            Disk.KillProcess();
        }
    }
}
