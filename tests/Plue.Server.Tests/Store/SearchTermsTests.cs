using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Plue.Server.Messages;
using Plue.Server.Store;

namespace Plue.Server.Tests.Store;

public sealed class SearchTermsTests
{
    [Theory]
    [InlineData("", new string[0])]
    [InlineData(" \t\n ", new string[0])]
    [InlineData("one  two\tthree", new[] { "one", "two", "three" })]
    [InlineData("\"one two\" three", new[] { "one two", "three" })]
    [InlineData("\"one two", new[] { "one two" })]
    [InlineData("\"\"", new string[0])]
    [InlineData("\"\"\"\"", new[] { "\"" })]
    [InlineData("\"say \"\"so\"\"\" now", new[] { "say \"so\"", "now" })]
    [InlineData("key:\"a b\"c", new[] { "key:", "a b", "c" })]
    [InlineData("C:\\new \"C:\\new\\\"", new[] { "C:\\new", "C:\\new\\" })]
    [InlineData("twice Twice", new[] { "twice" })]
    public void A_query_consists_of_words_and_phrases(string text, string[] terms) => Assert.Equal(terms, SearchTerms.Parse(text));

    [Fact]
    public void A_lone_surrogate_is_searched_in_its_stored_form() => Assert.Equal(["a\ufffd"], SearchTerms.Parse($"a{(char)0xD83D}"));

    [Fact]
    public void Rejects_a_query_of_more_than_a_thousand_characters()
    {
        Assert.Single(SearchTerms.Parse(new string('x', 1_000)));
        Assert.Equal(FailureKind.BadRequest, Assert.Throws<FailureException>(() => SearchTerms.Parse(new string('x', 1_001))).Failure.Kind);
    }

    [Fact]
    public void Any_term_can_be_quoted() =>
        Prop.ForAll<NonEmptyString[]>(given =>
            {
                var terms = given
                    .Select(text => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text.Get)))
                    .Distinct(StringComparer.OrdinalIgnoreCase)
                    .ToList();
                var asked = string.Join(' ', terms.Select(term => $"\"{term.Replace("\"", "\"\"", StringComparison.Ordinal)}\""));
                return asked.Length > SearchTerms.MaxTextLength || SearchTerms.Parse(asked).SequenceEqual(terms);
            })
            .QuickCheckThrowOnFailure();

    [Fact]
    public void Terms_of_random_queries_are_not_empty_and_contain_no_white_space_outside_quotes() =>
        Prop.ForAll<string?>(given =>
            {
                var text = given is { Length: <= SearchTerms.MaxTextLength } ? given : "";
                return SearchTerms.Parse(text).All(term => term.Length > 0)
                    && SearchTerms.Parse(text.Replace("\"", "", StringComparison.Ordinal)).All(term => !term.Any(char.IsWhiteSpace));
            })
            .QuickCheckThrowOnFailure();
}
