namespace Plue.Server.Messages;

/// <summary>Creates ids that sort by creation time and are unique across machines: UUID version 7 in lowercase hex, monotonic within the process.</summary>
internal static class Ids
{
    private static readonly Lock Sync = new();
    private static Guid last;
    private static DateTimeOffset lastTime;

    /// <param name="prefix">The kind of object: <c>msg</c>, <c>chat</c>, <c>turn</c>.</param>
    public static string New(string prefix, TimeProvider? time = null)
    {
        var now = (time ?? TimeProvider.System).GetUtcNow();
        lock (Sync)
        {
            // After the clock was set back, ids continue from the last one.
            now = now < lastTime ? lastTime : now;
            var id = Guid.CreateVersion7(now);
            // Version 7 is random within a millisecond: repeat until the new id sorts after the last one.
            for (var draw = 0; id <= last; draw++)
            {
                id = Guid.CreateVersion7(draw < 64 ? now : now = now.AddMilliseconds(1));
            }

            (last, lastTime) = (id, now);
            return $"{prefix}_{id:N}";
        }
    }
}
