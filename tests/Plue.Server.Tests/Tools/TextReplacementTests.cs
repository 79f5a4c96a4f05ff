using FsCheck;
using FsCheck.Fluent;
using Plue.Server.Tools;

namespace Plue.Server.Tests.Tools;

public class TextReplacementTests
{
    [Theory]
    [InlineData("a\nb\nc\n", "b", "x", "a\nx\nc\n")]
    [InlineData("a\nb\nc\n", "b\n", "", "a\nc\n")]
    [InlineData("a\r\nb\r\nc\r\n", "a\nb", "x\ny", "x\r\ny\r\nc\r\n")]
    [InlineData("a\nb\n", "a\r\nb", "x\r\ny", "x\ny\n")]
    [InlineData("if (x) {  \n  go();\n}\n", "if (x) {\n  go();\n}", "done();", "done();\n")]
    [InlineData("say(“hello”);\n", "say(\"hello\");", "say(\"bye\");", "say(\"bye\");\n")]
    [InlineData(
        "class A\n{\n    void F()\n    {\n        go();\n    }\n}\n",
        "void F()\n{\n    go();\n}",
        "void F()\n{\n    stop();\n}",
        "class A\n{\n    void F()\n    {\n        stop();\n    }\n}\n"
    )]
    [InlineData("a\n\tb\n\tc\n", "\t\tb\n\t\tc\n", "\t\td\n\t\t\te\n", "a\n\td\n\t\te\n")]
    public void Finds_text_exactly_or_approximately(string text, string old, string @new, string expected) =>
        Assert.Equal(expected, TextReplacement.Replace(text, old, @new, all: false).Text);

    [Fact]
    public void An_approximate_match_has_a_note()
    {
        Assert.Null(TextReplacement.Replace("a\nb\n", "b", "c", all: false).Note);
        Assert.Contains("indentation", TextReplacement.Replace("  a\n  b\n", "a\nb", "c\nd", all: false).Note, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_places_are_named_and_neither_is_taken()
    {
        var fault = Assert.Throws<ToolFailureException>(() => TextReplacement.Replace("x\na\nx\n", "x", "y", all: false));
        Assert.Contains("2 times, in lines 1, 3", fault.Message, StringComparison.Ordinal);
        Assert.Equal(
            (2, "y\na\ny\n"),
            (
                TextReplacement.Replace("x\na\nx\n", "x", "y", all: true).Count,
                TextReplacement.Replace("x\na\nx\n", "x", "y", all: true).Text
            )
        );
        Assert.Contains(
            "lines 1, 3",
            Assert.Throws<ToolFailureException>(() => TextReplacement.Replace(" x \nb\n x \n", "x\n", "y", all: false)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_miss_names_the_nearest_place_and_how_it_differs()
    {
        var fault = Assert.Throws<ToolFailureException>(() =>
            TextReplacement.Replace("int a;\nint total = 1;\nint c;\n", "int total = 2;\nint c;", "x", all: false)
        );
        Assert.Contains(
            "begins in line 2; line 2 is `int total = 1;`, but `old` has `int total = 2;`",
            fault.Message,
            StringComparison.Ordinal
        );
        Assert.Contains("     2\tint total = 1;", fault.Message, StringComparison.Ordinal);
        Assert.Contains(
            "nothing similar to it",
            Assert.Throws<ToolFailureException>(() => TextReplacement.Replace("abc\n", "zzzzzz", "x", all: false)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Shows_invisible_characters_if_they_are_the_difference()
    {
        var fault = Assert.Throws<ToolFailureException>(() => TextReplacement.Replace("total\u200B = 1\n", "total = 1", "x", all: false));
        Assert.Contains("⟨U+200B⟩", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_passage_that_is_there_once_is_replaced_and_all_else_stays()
    {
        var letters = Gen.Elements('a', 'b', ' ', '\t', '\n', '\r', '"', '“', '\u00A0', '{').ArrayOf().Select(all => new string(all));
        Prop.ForAll(
                Arb.From(
                    from before in letters
                    from old in letters
                    from after in letters
                    from @new in letters
                    select (before, old, after, @new)
                ),
                one =>
                {
                    var text = one.before + one.old + one.after;
                    if (one.old.Length == 0 || Count(text, one.old) != 1 || text.Contains('\r', StringComparison.Ordinal))
                    {
                        return;
                    }

                    Assert.Equal(one.before + one.@new + one.after, TextReplacement.Replace(text, one.old, one.@new, all: false).Text);
                }
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));
    }

    /// <summary>A fuzzy match changes only its lines, and only if it is unique.</summary>
    [Fact]
    public void A_forgiving_match_touches_only_the_lines_it_names()
    {
        var line = Gen.Elements("a", "  b", "\tc", "d ", "“e”", "", "f(\"x\")", "  g");
        var lines = line.ListOf().Select(all => all.ToArray());
        Prop.ForAll(
                Arb.From(
                    from file in lines
                    from at in Gen.Choose(0, 20)
                    from length in Gen.Choose(1, 4)
                    from indent in Gen.Elements("", "  ", "\t")
                    select (file, at, length, indent)
                ),
                one =>
                {
                    if (one.at + one.length > one.file.Length)
                    {
                        return;
                    }

                    var requested = one.file[one.at..(one.at + one.length)]
                        .Select(text => text.Trim().Length == 0 ? "" : one.indent + text.TrimEnd().Replace('“', '"').Replace('”', '"'));
                    var text = string.Concat(one.file.Select(one => one + "\n"));
                    try
                    {
                        var after = TextReplacement.Replace(text, string.Join('\n', requested), "NEW", all: false);
                        var kept = after.Text.Split("NEW");
                        Assert.Equal(2, kept.Length);
                        Assert.True(text.StartsWith(kept[0], StringComparison.Ordinal) && text.EndsWith(kept[1], StringComparison.Ordinal));
                    }
                    catch (ToolFailureException)
                    {
                        // No unique match; nothing was changed.
                    }
                }
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));
    }

    private static int Count(string text, string part)
    {
        var count = 0;
        for (var at = text.IndexOf(part, StringComparison.Ordinal); at >= 0; at = text.IndexOf(part, at + 1, StringComparison.Ordinal))
        {
            count++;
        }

        return count;
    }
}
