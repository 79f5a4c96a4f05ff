using System.Globalization;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using Plue.Server.Codices;

namespace Plue.Server.Tests.Codices;

public partial class UnifiedDiffTests
{
    [Fact]
    public void A_change_is_shown_with_three_lines_around_it() =>
        Assert.Equal(
            "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n",
            UnifiedDiff.Of("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n")
        );

    [Theory]
    [InlineData("", "", "")]
    [InlineData("a\n", "a\n", "")]
    [InlineData("", "a\n", "@@ -0,0 +1 @@\n+a\n")]
    [InlineData("a\n", "", "@@ -1 +0,0 @@\n-a\n")]
    [InlineData("a", "a\n", "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n")]
    public void Empty_texts_and_missing_final_line_ends_are_marked(string before, string after, string diff) =>
        Assert.Equal(diff, UnifiedDiff.Of(before, after));

    [Fact]
    public void Changes_far_apart_are_parts_of_their_own()
    {
        var before = string.Concat(Enumerable.Range(1, 30).Select(i => $"{i}\n"));
        Assert.Equal(2, UnifiedDiff.Of(before, before.Replace("\n3\n", "\nx\n").Replace("\n27\n", "\ny\n")).Split("@@ -").Length - 1);
    }

    [Fact]
    public void Applying_it_to_the_old_text_gives_the_new_one()
    {
        var line = Gen.Elements("a\n", "b\n", "c\n", "\n", "d\r\n");
        var text = Gen.Zip(line.ArrayOf(), Gen.Elements("", "end")).Select(pair => string.Concat(pair.Item1) + pair.Item2);
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(500),
            Prop.ForAll(Gen.Zip(text, text).ToArbitrary(), pair => Apply(pair.Item1, UnifiedDiff.Of(pair.Item1, pair.Item2)) == pair.Item2)
        );
    }

    [Fact]
    public void Texts_that_differ_everywhere_are_compared_in_a_moment()
    {
        var (before, after) = (Numbers(0, 60_000), Numbers(60_000, 60_000));
        Assert.Equal(after, Apply(before, UnifiedDiff.Of(before, after)));
    }

    private static string Numbers(int from, int count) => string.Concat(Enumerable.Range(from, count).Select(i => $"{i}\n"));

    private static string Apply(string before, string diff)
    {
        var old = Lines(before);
        var output = new List<string>();
        var next = 0;
        var lines = Lines(diff);
        for (var i = 0; i < lines.Count; i++)
        {
            if (Head().Match(lines[i]) is { Success: true } head)
            {
                var (first, count) = (
                    int.Parse(head.Groups[1].Value, CultureInfo.InvariantCulture),
                    head.Groups[2].Success ? int.Parse(head.Groups[2].Value, CultureInfo.InvariantCulture) : 1
                );
                while (next < (count == 0 ? first : first - 1))
                {
                    output.Add(old[next++]);
                }

                continue;
            }

            if (lines[i][0] == '\\')
            {
                continue;
            }

            var text = i + 1 < lines.Count && lines[i + 1][0] == '\\' ? lines[i][1..^1] : lines[i][1..];
            if (lines[i][0] != '+')
            {
                Assert.Equal(old[next++], text);
            }
            if (lines[i][0] != '-')
            {
                output.Add(text);
            }
        }

        return string.Concat(output.Concat(old.Skip(next)));
    }

    private static List<string> Lines(string text)
    {
        var lines = text.Split('\n').ToList();
        var last = lines[^1];
        lines.RemoveAt(lines.Count - 1);
        return [.. lines.Select(line => line + "\n"), .. last.Length > 0 ? [last] : Array.Empty<string>()];
    }

    [GeneratedRegex(@"\A@@ -([0-9]+)(?:,([0-9]+))? \+")]
    private static partial Regex Head();
}
