using Plue.Server.Messages;

namespace Plue.Server.Reviews;

/// <summary>The IDs of reviews, under which their fixes are recorded as edits.</summary>
internal static class ReviewIds
{
    private const string Prefix = "review";
    private const int HexLength = 32;

    public static string New(TimeProvider time) => Ids.New(Prefix, time);

    public static bool IsReview(string id) =>
        id.Length == Prefix.Length + 1 + HexLength
        && id.StartsWith($"{Prefix}_", StringComparison.Ordinal)
        && id.AsSpan(Prefix.Length + 1).IndexOfAnyExcept("0123456789abcdef") < 0;
}
