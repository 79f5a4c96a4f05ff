using Plue.Server.Codices;

namespace Plue.Server.Edits;

/// <summary>The author of a change in a region that two sides may have changed.</summary>
internal enum RegionAuthor
{
    None,
    Agent,
    Others,
    Both,
}

/// <param name="Before">The text before the agent's changes; for <see cref="RegionAuthor.Others"/>, the current text.</param>
/// <param name="Left">The text that the agent left.</param>
/// <param name="Now">The current text.</param>
internal sealed record DiffRegion(RegionAuthor ChangedBy, string Before, string Left, string Now);

/// <summary>
/// Compares the text that the agent left with the text before it and the current text. Regions changed only by the agent can be undone; those changed by both
/// cannot. Adjacent regions are merged if either is only an insertion, because their order is ambiguous.
/// </summary>
internal static class ThreeWayDiff
{
    public static List<DiffRegion> Compute(string before, string left, string now)
    {
        var (a, o, b) = (UnifiedDiff.Lines(before), UnifiedDiff.Lines(left), UnifiedDiff.Lines(now));
        var changes = UnifiedDiff
            .Changes(o, a)
            .Select(place => (IsAgent: true, Place: place))
            .Concat(UnifiedDiff.Changes(o, b).Select(place => (IsAgent: false, Place: place)))
            .OrderBy(change => change.Place.OldStart)
            .ThenBy(change => change.Place.OldLines)
            .ToList();
        List<DiffRegion> places = [];
        var (at, agentShift, otherShift) = (0, 0, 0);
        for (var i = 0; i < changes.Count; )
        {
            var (from, to, lastIsEmpty) = (changes[i].Place.OldStart, changes[i].Place.OldStart, false);
            var (agent, other) = (0, 0);
            var (isAgent, isOther) = (false, false);
            do
            {
                var (isIt, place) = changes[i];
                (to, lastIsEmpty) = (Math.Max(to, place.OldStart + place.OldLines), place.OldLines == 0);
                if (isIt)
                {
                    (isAgent, agent) = (true, agent + place.NewLines - place.OldLines);
                }
                else
                {
                    (isOther, other) = (true, other + place.NewLines - place.OldLines);
                }
            } while (
                ++i < changes.Count
                && (changes[i].Place.OldStart < to || (changes[i].Place.OldStart == to && (lastIsEmpty || changes[i].Place.OldLines == 0)))
            );

            Same(at, from);
            var (before2, left2, now2) = (
                Text(a, from + agentShift, to + agentShift + agent),
                Text(o, from, to),
                Text(b, from + otherShift, to + otherShift + other)
            );
            var of =
                isAgent && isOther
                    ? before2 == now2
                        ? RegionAuthor.Others
                        : RegionAuthor.Both
                    : isAgent
                        ? RegionAuthor.Agent
                        : RegionAuthor.Others;
            places.Add(new DiffRegion(of, of == RegionAuthor.Others ? now2 : before2, left2, now2));
            (at, agentShift, otherShift) = (to, agentShift + agent, otherShift + other);
        }

        Same(at, o.Count);
        return places;

        void Same(int from, int to)
        {
            if (from < to && Text(o, from, to) is var text)
            {
                places.Add(new DiffRegion(RegionAuthor.None, text, text, text));
            }
        }
    }

    private static string Text(List<string> lines, int from, int to) => string.Concat(lines.GetRange(from, to - from));
}
