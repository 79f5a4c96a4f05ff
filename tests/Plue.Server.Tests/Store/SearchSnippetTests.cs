using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Plue.Server.Store;

namespace Plue.Server.Tests.Store;

public sealed class SearchSnippetTests
{
    [Theory]
    [InlineData("a needle here", "needle", "a needle here")]
    [InlineData("needle", "needle", "needle")]
    [InlineData("  two\r\n\tlines, a needle\n\n", "needle", "two lines, a needle")]
    [InlineData("abc\u202ened\u0000le fed", "ned\u0000le", "abcnedle fed")]
    [InlineData("👩\u200d👩\u200d👧 needle", "needle", "👩\u200d👩\u200d👧 needle")]
    [InlineData("a\u2028needle\u00a0b", "needle", "a needle b")]
    public void A_snippet_is_one_line_with_visible_characters(string text, string found, string line)
    {
        var snippet = SearchSnippet.Of(text, text.IndexOf(found, StringComparison.Ordinal), found.Length);
        Assert.Equal(line, snippet.Text);
        Assert.Equal(SearchSnippet.Clean(found), snippet.Text.Substring(snippet.Start, snippet.Length));
    }

    [Theory]
    [InlineData("Use **needle** and `needle_two`", "needle", "Use needle and needle_two")]
    [InlineData("## The *needle*\n\n- one\n- [x] two", "needle", "The needle one two")]
    [InlineData("See [the needle](https://example.com/a \"A\") and ![a picture](b.png)", "needle", "See the needle and a picture")]
    [InlineData("| a | b |\n|---|:-:|\n| needle | 2 |", "needle", "a b needle 2")]
    [InlineData(
        "> quoted ~~needle~~ __text__ of snake_case_names and 2 * 3 * 4",
        "needle",
        "quoted needle text of snake_case_names and 2 * 3 * 4"
    )]
    [InlineData("Code:\n```python\n# needle **kwargs\n```\nEnd", "needle", "Code: # needle **kwargs End")]
    [InlineData("[words](https://needle.example)", "needle", "[words](https://needle.example)")]
    public void Shows_found_markdown_as_plain_text(string text, string found, string line)
    {
        var snippet = SearchSnippet.OfMarkdown(text, text.IndexOf(found, StringComparison.Ordinal), found.Length);
        Assert.Equal(line, snippet.Text);
        Assert.Equal(found, snippet.Text.Substring(snippet.Start, snippet.Length));
    }

    [Fact]
    public void A_long_text_is_cut_on_both_sides_between_whole_characters()
    {
        var family = "👩\u200d👩\u200d👧\u200d👦";
        var text = $"{string.Concat(Enumerable.Repeat(family, 400))}needle{string.Concat(Enumerable.Repeat("e\u0301", 900))}";
        var snippet = SearchSnippet.Of(text, text.IndexOf("needle", StringComparison.Ordinal), 6);
        Assert.Equal("needle", snippet.Text.Substring(snippet.Start, snippet.Length));
        Assert.StartsWith($"…{family}", snippet.Text);
        Assert.EndsWith("e\u0301…", snippet.Text);
        Assert.InRange(snippet.Text.Length, 140, 162);
        Assert.Empty(snippet.Text[1..snippet.Start].Replace(family, "", StringComparison.Ordinal));
    }

    [Fact]
    public void A_phrase_longer_than_a_line_and_marks_without_end_are_cut()
    {
        var phrase = SearchSnippet.Of(new string('x', 5_000), 1_000, 1_000);
        Assert.InRange(phrase.Text.Length, 100, 170);
        Assert.True(phrase.Start + phrase.Length <= phrase.Text.Length);
        var marks = SearchSnippet.Of($"a{new string('\u0301', 100_000)}needle", 100_001, 6);
        Assert.InRange(marks.Text.Length, 6, 900);
        Assert.Contains("needle", marks.Text);
    }

    [Fact]
    public void A_noncharacter_in_the_text_is_not_taken_for_the_mark_of_the_match()
    {
        var snippet = SearchSnippet.OfMarkdown("```x\n\ufdd0", 3, 2);
        Assert.Equal("```x \ufdd0", snippet.Text);
        Assert.Equal((3, 2), (snippet.Start, snippet.Length));
    }

    [Fact]
    public void Every_position_of_a_text_can_be_shown()
    {
        var pieces = Gen.Elements(
                "a",
                " ",
                "\n",
                "é",
                "e\u0301",
                "😀",
                "\u200d",
                "\u202e",
                "\ud83d",
                "\u0000",
                "日",
                "word ",
                "👩\u200d👧",
                "**",
                "`",
                "_",
                "```",
                "| ",
                "[a](b)",
                "\ufdd0"
            )
            .ListOf()
            .Select(string.Concat);
        var places =
            from text in pieces
            from start in Gen.Choose(0, text.Length)
            from length in Gen.Choose(0, text.Length - start)
            select (text, start, length);
        Prop.ForAll(
                places.ToArbitrary(),
                place =>
                {
                    return new[]
                    {
                        SearchSnippet.Of(place.text, place.start, place.length),
                        SearchSnippet.OfMarkdown(place.text, place.start, place.length),
                    }.All(snippet =>
                        snippet is { Start: >= 0, Length: >= 0, Text.Length: <= 322 }
                        && snippet.Start + snippet.Length <= snippet.Text.Length
                        && snippet
                            .Text.EnumerateRunes()
                            .All(rune =>
                                System.Text.Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.LineSeparator)
                                && rune.Value != 0x202E
                            )
                    );
                }
            )
            .QuickCheckThrowOnFailure();
    }
}
