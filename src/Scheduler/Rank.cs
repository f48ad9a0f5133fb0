namespace Swarm.Scheduler;

/// <summary>
/// Lower is better: no recent failures, fewer slots of this service, fewer tasks in all; then an order that differs
/// from service to service, so that not every first task lands on the same node. Packed into one number, as
/// comparing it is what a placement spends its time on; what does not fit its bits counts as the most there is.
/// </summary>
internal static class Rank
{
    private const int FailureBits = 6;
    private const int SlotBits = 18;
    private const int TotalBits = 20;
    private const int TieBits = 64 - FailureBits - SlotBits - TotalBits;

    internal static ulong Of(int failures, int slots, int total, uint tie) =>
        (Capped(failures, FailureBits) << (SlotBits + TotalBits + TieBits))
        | (Capped(slots, SlotBits) << (TotalBits + TieBits))
        | (Capped(total, TotalBits) << TieBits)
        | (tie >> (32 - TieBits));

    private static ulong Capped(int value, int bits) => (ulong)Math.Clamp(value, 0, (1 << bits) - 1);
}
