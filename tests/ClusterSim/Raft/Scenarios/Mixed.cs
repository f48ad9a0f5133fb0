namespace Swarm.ClusterSim.Raft;

/// <summary>Everything at once, each kind at a pace of its own, some not at all in this run.</summary>
internal sealed class Mixed : Scenario
{
    public override Plan MakePlan(Dice dice) => new()
    {
        Members = dice.Pick([3, 3, 5, 5, 7]),
        MaxMembers = 9,
        Clients = dice.Between(2, 5),
        ThinkMs = dice.Pick([40, 100, 250]),
        ClientLossPerThousand = dice.Pick([0, 50, 300]),
        SegmentBytes = dice.Pick([4 << 10, 16 << 10]),
        RestartMs = dice.Pick([300, 1_500, 5_000]),
        SnapshotEveryEntries = dice.Pick([10, 30, 80, 1_000]),
        KeepEntries = dice.Pick([0, 5, 40]),
        AsideMs = dice.Pick([1, 20, 300]),
        Encrypted = dice.OneIn(2),
    };

    public override void Begin(World world)
    {
        var chaos = world.Chaos;
        chaos.Network.DrawNoise();
        Sometimes(world, 2_500, () => chaos.Network.AnyCut(4_000));
        Sometimes(world, 3_000, () => Rewire(world));
        Sometimes(world, 3_000, () => chaos.Network.Clog(2_000));
        Sometimes(world, 5_000, () => chaos.Network.SwizzleClog(4_000));
        Sometimes(world, 1_500, chaos.Machines.Crash);
        Sometimes(world, 1_000, chaos.Machines.CrashInDiskWork);
        Sometimes(world, 9_000, chaos.Machines.PowerLossOfAll);
        Sometimes(world, 2_500, () => chaos.Machines.Pause(3_000));
        Sometimes(world, 4_000, chaos.Machines.JumpClock);
        Sometimes(world, 4_000, chaos.Machines.DriftClock);
        Sometimes(world, 4_000, () => chaos.Disks.Slow(3_000));
        Sometimes(world, 5_000, chaos.Disks.FailSync);
        Sometimes(world, 6_000, () => chaos.Disks.Fill(3_000));
        Sometimes(world, 4_000, chaos.Disks.Rot);
        Sometimes(world, 6_000, chaos.Disks.Wipe);
        Sometimes(world, 2_500, () => ChangeMembers(world));
        Sometimes(world, 3_000, chaos.Machines.Transfer);
        Sometimes(world, 3_000, chaos.Machines.SnapshotNow);
        Sometimes(world, 1_500, chaos.Machines.RotateKey);
        Sometimes(world, 5_000, chaos.Disks.Clone);
        Sometimes(world, 5_000, () => chaos.Machines.Starve(world.Dice.Between(200, 2_500)));
        Sometimes(world, 2_500, () => chaos.Machines.HangAny(4_000));
    }

    private static void Rewire(World world)
    {
        world.Network.HealCuts();
        world.Chaos.Network.OddTopology();
        world.Chaos.After(world.Dice.Below(3_000), world.Network.HealCuts);
    }

    private static void Sometimes(World world, int meanMs, Action fault)
    {
        if (!world.Dice.OneIn(3))
            world.Chaos.Every(meanMs * world.Dice.Between(1, 4) / 2, fault);
    }

    internal static void ChangeMembers(World world)
    {
        if (world.Dice.OneIn(2) && world.Present.Count() < world.Plan.MaxMembers)
        {
            world.Coverage.Count("member added");
            world.Operator.Add(world.NewMember());
        }
        else if (world.Leader()?.Process is { } process)
        {
            var gone = world.Dice.Pick([.. process.Core.Configuration.Members]).Id;
            if (world.Find(gone) is not { } member || !world.CanLose(member))
                return;
            world.Coverage.Count("removal asked");
            world.Operator.Remove(member);
        }
    }
}
