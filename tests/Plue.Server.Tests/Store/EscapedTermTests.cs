using System.Text;
using System.Text.Encodings.Web;
using Plue.Server.Store;

namespace Plue.Server.Tests.Store;

public sealed class EscapedTermTests
{
    [Fact]
    public void Every_character_is_found_in_all_its_cases()
    {
        List<string> missed = [];
        foreach (var written in Enumerable.Range(0, char.MaxValue + 1).Select(code => (char)code).Where(code => !char.IsSurrogate(code)))
        {
            var json = Json($"<{written}>");
            foreach (
                var asked in new[] { written, char.ToUpperInvariant(written), char.ToLowerInvariant(written) }
                    .Distinct()
                    .Select(one => one.ToString())
            )
            {
                if (
                    written.ToString().Contains(asked, StringComparison.OrdinalIgnoreCase)
                    && !(new EscapedTerm(asked).MayOccurIn(json) && new EscapedTerm($"<{asked}>").MayOccurIn(json))
                )
                {
                    missed.Add($"U+{(int)written:X4} by {asked}");
                }
            }
        }

        Assert.Empty(missed);
    }

    /// <summary>The fast comparison matches an ASCII letter only with its upper and lower case.</summary>
    [Fact]
    public void No_character_beyond_ASCII_matches_an_ASCII_one()
    {
        string[] plain = [.. Enumerable.Range(0, 0x80).Select(code => ((char)code).ToString())];
        Assert.All(
            Enumerable.Range(0x80, char.MaxValue + 1 - 0x80).Select(code => ((char)code).ToString()),
            beyond => Assert.DoesNotContain(plain, one => one.Equals(beyond, StringComparison.OrdinalIgnoreCase))
        );
    }

    [Theory]
    [InlineData("needle")]
    [InlineData("NEEDLE in")]
    [InlineData("straße")]
    [InlineData("a\"b")]
    [InlineData("\n")]
    [InlineData("😀")]
    [InlineData("привет")]
    [InlineData("z")]
    public void Finds_a_term_at_every_position_and_nowhere_else(string term)
    {
        var sought = new EscapedTerm(term);
        for (var before = 0; before < 70; before++)
        {
            for (var behind = 0; behind < 40; behind += 13)
            {
                Assert.True(sought.MayOccurIn(Json($"{new string('.', before)}{term.ToUpperInvariant()}{new string('-', behind)}")));
                Assert.False(sought.MayOccurIn(Json($"{new string('.', before)}{new string('-', behind)}")));
            }
        }
    }

    [Fact]
    public void A_term_truncated_by_the_end_is_not_found() => Assert.False(new EscapedTerm("needle").MayOccurIn("a needl"u8));

    private static byte[] Json(string text) => Encoding.UTF8.GetBytes(JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(text));
}
