using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Plue.Server.Json5;

namespace Plue.Server.Tests.Json5;

public class Json5ReaderTests
{
    [Theory]
    [InlineData("{a: 1, b: }", "1:11 Found '}' where a value was expected.")]
    [InlineData("{a: 1\n b: 2}", "2:2 Found 'b' where ',' or '}' was expected.")]
    [InlineData("{a 1}", "1:4 Found '1' where ':' was expected.")]
    [InlineData("{a: hello}", "1:5 Found 'hello' where a value (text needs quotes) was expected.")]
    [InlineData("{a: 'open\n}", "1:5 Found the end of the line where the closing ' of the text was expected.")]
    [InlineData("{a: 1", "1:6 Found the end of the file where ',' or '}' was expected.")]
    [InlineData("[1, 2}", "1:6 Found '}' where ',' or ']' was expected.")]
    [InlineData("{a: 1} b", "1:8 Found 'b' where the end of the file was expected.")]
    [InlineData("", "1:1 Found the end of the file where a value was expected.")]
    [InlineData("{\r\n  a: 010\r\n}", "2:7 Found '1' where a number without leading zeros was expected.")]
    [InlineData("{a: \u0001}", "1:5 Found the control character U+0001 where a value was expected.")]
    public void An_error_names_what_was_found_and_what_was_expected(string text, string expected) =>
        Assert.Equal(expected, Describe(Json5Reader.Read(text)));

    [Fact]
    public void Reports_several_errors_in_one_file_and_parses_the_rest()
    {
        var document = Json5Reader.Read(
            """
            {
              name: Fast,
              model: 'small'
              endpoint: "http://localhost",
              timeout: 01,
              list: [1, @, 3],
              enabled: true,
            }
            """
        );
        Assert.Equal(
            """
            2:9 Found 'Fast' where a value (text needs quotes) was expected.
            4:3 Found 'endpoint' where ',' or '}' was expected.
            5:13 Found '1' where a number without leading zeros was expected.
            6:13 Found '@' where a value was expected.
            """,
            Describe(document)
        );
        var root = Assert.IsType<Json5Object>(document.Root);
        Assert.Equal("small", root.GetString("model"));
        Assert.Equal("http://localhost", root.GetString("endpoint"));
        Assert.Equal(2, root.GetArray("list")?.Items.Count);
        Assert.True(root.GetBoolean("enabled"));
    }

    [Fact]
    public void Keys_and_values_have_their_position()
    {
        var root = Assert.IsType<Json5Object>(Json5Reader.Read("{\n  // note\n  'a b': [1,\n    'x'],\n}").Root);
        var member = Assert.Single(root.Members);
        Assert.Equal(new Json5Span(14, 19, 3, 3), member.NameSpan);
        var array = Assert.IsType<Json5Array>(member.Value);
        Assert.Equal(new Json5Span(21, 33, 3, 10), array.Span);
        Assert.Equal(new Json5Span(29, 32, 4, 5), array.Items[1].Span);
        Assert.Equal(new Json5Span(0, 36, 1, 1), root.Span);
    }

    [Fact]
    public void Comments_are_kept()
    {
        var comments = Json5Reader.Read("// one\n{ /* two */ a: 1 } // three").Comments;
        Assert.Equal(["// one", "/* two */", "// three"], comments.Select(comment => comment.Text));
        Assert.Equal([1, 2, 2], comments.Select(comment => comment.Span.Line));
    }

    [Fact]
    public void Nesting_is_read_to_64_levels_and_refused_beyond()
    {
        Assert.Empty(Json5Reader.Read(new string('[', 64) + new string(']', 64)).Errors);
        Assert.Equal("1:65 Found more than 64 levels of nesting, the maximum.", Describe(Json5Reader.Read(new string('[', 1_000_000))));
    }

    [Fact]
    public void A_file_over_4_MiB_is_refused_unread()
    {
        var document = Json5Reader.Read(new byte[Json5Reader.MaxBytes + 1]);
        Assert.Equal("The file is larger than 4 MiB, the maximum size.", Assert.Single(document.Errors).Message);
    }

    [Fact]
    public void Stops_after_fifty_errors_in_a_file() =>
        Assert.Equal(50, Json5Reader.Read("[" + string.Concat(Enumerable.Repeat("@,", 100_000)) + "]").Errors.Count);

    [Fact]
    public void Reports_invalid_UTF8_with_its_position()
    {
        byte[] file = [.. "{a: 'é\n"u8, 0xFF, .. "'}"u8];
        Assert.Equal("2:1 The file is not valid UTF-8 here. Save it as UTF-8.", Describe(Json5Reader.Read(file)));
    }

    [Fact]
    public void A_byte_order_mark_is_white_space() => Assert.Empty(Json5Reader.Read([0xEF, 0xBB, 0xBF, .. "{a: 1}"u8]).Errors);

    [Fact]
    public void A_key_pasted_without_quotes_is_not_repeated_in_the_message() =>
        Assert.DoesNotContain(
            "abcdef0123456789",
            Describe(Json5Reader.Read("{api_key: abcdef0123456789abcdef0123456789}")),
            StringComparison.Ordinal
        );

    [Fact]
    public void The_last_of_two_equal_keys_counts_and_the_repetition_is_known()
    {
        var root = Assert.IsType<Json5Object>(Json5Reader.Read("{a: 1, b: 2, a: 3}").Root);
        Assert.Equal(3, root.GetNumber("a"));
        Assert.Equal(14, Assert.Single(root.RepeatedMembers()).NameSpan.Column);
    }

    [Fact]
    public void Any_JSON_reads_to_the_same_values() =>
        Prop.ForAll(
                JsonTexts.Arbitrary,
                json =>
                {
                    var document = Json5Reader.Read(Encoding.UTF8.GetBytes(json));
                    Assert.Empty(document.Errors);
                    using var expected = JsonDocument.Parse(json);
                    Json5SuiteTests.AssertSame(expected.RootElement, document.Root);
                }
            )
            .QuickCheckThrowOnFailure();

    [Fact]
    public void Random_bytes_are_read_or_reported_and_never_thrown() =>
        Prop.ForAll<byte[]>(bytes =>
            {
                var document = Json5Reader.Read(bytes);
                Assert.True(document.Root is not null || document.Errors.Count > 0);
            })
            .QuickCheckThrowOnFailure();

    [Fact]
    public void Random_scraps_of_JSON5_are_read_or_reported_and_never_thrown()
    {
        string[] scraps =
        [
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "a",
            "'",
            "\"",
            "\\",
            "\\u00",
            "//",
            "/*",
            "*/",
            "\n",
            "\r",
            " ",
            "1",
            "0x",
            ".",
            "e",
            "+",
            "-",
            "true",
            "NaN",
            "\u2028",
            "é",
            "\uD800",
            "\0",
        ];
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(3_000),
            Prop.ForAll(
                Gen.Elements(scraps).ListOf().Select(list => string.Concat(list)).ToArbitrary(),
                text =>
                {
                    var document = Json5Reader.Read(text);
                    Assert.True(document.Root is not null || document.Errors.Count > 0);
                    Assert.All(document.Errors, error => AssertWithin(text, error.Span));
                }
            )
        );
    }

    /// <summary>Asserts that a span is valid in an editor: inside the text, with a line and column that match its index.</summary>
    private static void AssertWithin(string text, Json5Span span)
    {
        Assert.InRange(span.Start, 0, text.Length);
        Assert.InRange(span.End, span.Start, text.Length);
        var before = text[..span.Start];
        var lines = before.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n').Split('\n');
        // A position between CR and LF belongs to the line that they end.
        if (!(before.EndsWith('\r') && text.AsSpan(span.Start).StartsWith("\n")))
        {
            Assert.Equal((lines.Length, lines[^1].Length + 1), (span.Line, span.Column));
        }
    }

    /// <summary>Megabytes of worst-case input, each parsed within seconds even on a busy machine.</summary>
    [Theory]
    [InlineData("[")]
    [InlineData("{a:")]
    [InlineData("[1,")]
    [InlineData("]")]
    [InlineData("\"")]
    [InlineData("'\\")]
    [InlineData("/*")]
    [InlineData("/")]
    [InlineData("//\n")]
    [InlineData("a")]
    [InlineData("a ")]
    [InlineData("9")]
    [InlineData("0x")]
    [InlineData("\\u0061")]
    [InlineData("\r")]
    [InlineData("@\n")]
    [InlineData("[@ /**/ {@}],")]
    [InlineData("\uFFFD")]
    public void Reading_invalid_text_of_any_length_ends_in_time(string scrap)
    {
        var text = string.Concat(Enumerable.Repeat(scrap, Json5Reader.MaxBytes / scrap.Length));
        var clock = System.Diagnostics.Stopwatch.StartNew();
        foreach (var mess in (string[])[text, "[" + text[..^1], "{a: [" + text[..^5]])
        {
            var document = Json5Reader.Read(mess);
            Assert.True(document.Root is not null || document.Errors.Count > 0);
            Assert.All(document.Errors.Take(3), error => Assert.InRange(error.Span.End, error.Span.Start, mess.Length));
        }

        // A second or two on an idle machine; quadratic time would take hours.
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromMinutes(3));
    }

    [Fact]
    public void Every_cut_of_a_document_is_an_error()
    {
        const string Text = "{ /* c */ a: [1, 'two', {b: \"x\\u0041\"}], 'c': -0x1F, // end\n d: true }";
        Assert.Empty(Json5Reader.Read(Text).Errors);
        for (var length = 0; length < Text.Length; length++)
        {
            Assert.NotEmpty(Json5Reader.Read(Text[..length]).Errors);
        }
    }

    internal static string Describe(Json5Document document) =>
        string.Join("\n", document.Errors.Select(error => $"{error.Span.Line}:{error.Span.Column} {error.Message}"));
}
