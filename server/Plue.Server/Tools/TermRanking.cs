using System.Text.RegularExpressions;

namespace Plue.Server.Tools;

/// <summary>Ranks short texts by the words of a query (BM25). Words of a name weigh more than those of its description.</summary>
internal sealed partial class TermRanking
{
    private const double Saturation = 1.2;
    private const double LengthWeight = 0.75;
    private const int NameWeight = 3;
    private const int MinPrefix = 4;

    private readonly List<Dictionary<string, int>> texts = [];
    private readonly double averageLength;

    public TermRanking(IReadOnlyList<(string Name, string Description)> entries)
    {
        foreach (var (name, description) in entries)
        {
            var counts = new Dictionary<string, int>(StringComparer.Ordinal);
            foreach (
                var (word, weight) in WordsOf(name)
                    .Select(word => (word, NameWeight))
                    .Concat(WordsOf(description).Select(word => (word, 1)))
            )
            {
                counts[word] = counts.GetValueOrDefault(word) + weight;
            }
            texts.Add(counts);
        }

        averageLength = texts.Count == 0 ? 1 : Math.Max(1, texts.Average(text => text.Values.Sum()));
    }

    /// <returns>The indexes of texts that contain one of the words, best first; ties keep their order.</returns>
    public IReadOnlyList<int> Find(string query, int count)
    {
        var scores = new double[texts.Count];
        foreach (var word in WordsOf(query).Distinct(StringComparer.Ordinal))
        {
            var counts = texts.Select(text => CountOf(text, word)).ToList();
            var having = counts.Count(one => one > 0);
            var rarity = Math.Log(1 + (texts.Count - having + 0.5) / (having + 0.5));
            for (var at = 0; at < texts.Count; at++)
            {
                var length = texts[at].Values.Sum() / averageLength;
                scores[at] +=
                    rarity * counts[at] * (Saturation + 1) / (counts[at] + Saturation * (1 - LengthWeight + LengthWeight * length));
            }
        }

        return [.. Enumerable.Range(0, texts.Count).Where(at => scores[at] > 0).OrderByDescending(at => scores[at]).Take(count)];
    }

    /// <summary>Counts a word in a text, also as a prefix: "issue" matches "issues".</summary>
    private static int CountOf(Dictionary<string, int> text, string word) =>
        text.TryGetValue(word, out var exact) ? exact
        : word.Length < MinPrefix ? 0
        : text.Where(pair =>
                pair.Key.StartsWith(word, StringComparison.Ordinal)
                || (pair.Key.Length >= MinPrefix && word.StartsWith(pair.Key, StringComparison.Ordinal))
            )
            .Select(pair => pair.Value)
            .DefaultIfEmpty()
            .Max();

    /// <summary>Splits text into words; names are split at underscores, hyphens and capital letters.</summary>
    private static IEnumerable<string> WordsOf(string text) => Words().Matches(text).Select(match => match.Value.ToLowerInvariant());

    [GeneratedRegex(@"\p{Lu}+(?!\p{Ll})|\p{Lu}?[\p{Ll}\p{Lo}]+|\p{Nd}+")]
    private static partial Regex Words();
}
