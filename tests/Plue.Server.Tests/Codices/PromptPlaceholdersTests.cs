using FsCheck;
using FsCheck.Fluent;
using Plue.Server.Codices;
using Plue.Server.Json5;

namespace Plue.Server.Tests.Codices;

public class PromptPlaceholdersTests
{
    private static readonly Json5Object Values = (Json5Object)
        Json5Reader
            .Read(
                "{ title: 'Dates', budget: { usd: 1.50, on: true }, tags: ['a', 'b'], tools: [{ n: 1 }], messages: [{ content: 'first' }, { content: 'last' }], sly: '{{title}} \\\\{{', none: null, empty: '' }"
            )
            .Root!;

    [Theory]
    [InlineData("On {{title}}.", "On Dates.")]
    [InlineData("{{ budget.usd }} {{budget.on}}", "1.50 true")]
    [InlineData("{{messages[-1].content}} {{messages[0].content}}", "last first")]
    [InlineData("{{tags}}", "a, b")]
    [InlineData("{{budget}} {{tools}}", "{ usd: 1.50, on: true } { n: 1 }")]
    [InlineData("{{sly}}", "{{title}} \\{{")]
    [InlineData("a \\{{title}} b", "a {{title}} b")]
    [InlineData("{{title", "{{title")]
    [InlineData("{{}} {{#if x}} {{a b}} {{1}}", "{{}} {{#if x}} {{a b}} {{1}}")]
    [InlineData("{{{title}}}", "{{{title}}}")]
    [InlineData("one\n{{gone}}\ntwo", "one\ntwo")]
    [InlineData("one\n  {{gone}} {{none}}{{empty}}  \n", "one\n")]
    [InlineData("one\n{{gone}}", "one")]
    [InlineData("{{gone}}", "")]
    [InlineData("- {{gone}}\nTitle: {{gone}}!", "- \nTitle: !")]
    [InlineData("\n\n", "\n\n")]
    [InlineData("{{gone}} {{title}}", " Dates")]
    public void A_placeholder_is_the_value_of_its_field(string text, string expected) =>
        Assert.Equal(expected, PromptPlaceholders.Fill(text, Values).Text);

    [Fact]
    public void Keeps_placeholders_that_are_filled_later_and_returns_their_position()
    {
        var filled = PromptPlaceholders.Fill(
            "{{title}}: {{ topic }}\n{{gone}}\n{{selection}}",
            Values,
            name => name is "topic" or "selection"
        );
        Assert.Equal("Dates: {{ topic }}\n{{selection}}", filled.Text);
        Assert.Equal(
            ["topic {{ topic }}", "selection {{selection}}"],
            filled.Holes.Select(placeholder => $"{placeholder.Name} {filled.Text.Substring(placeholder.Start, placeholder.Length)}")
        );
    }

    [Fact]
    public void A_value_is_cut_where_it_is_too_long_and_all_of_them_together_too()
    {
        var values = Json5Object.Of(("x", new Json5String(new string('x', PromptPlaceholders.MaxValueLength * 2))));
        Assert.Equal(PromptPlaceholders.MaxValueLength, PromptPlaceholders.Fill("{{x}}", values).Text.Length);
        Assert.Equal(
            PromptPlaceholders.MaxTotalLength,
            PromptPlaceholders.Fill(string.Concat(Enumerable.Repeat("{{x}}", 20)), values).Text.Length
        );
    }

    [Fact]
    public void Values_are_inserted_without_further_expansion() =>
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(500),
            Prop.ForAll(
                Gen.Elements("{{title}}", "{{", "}}", "\\", "\\{{", "x", "\n", "{{x}}")
                    .ArrayOf()
                    .Select(string.Concat)
                    .Where(value => value.Length > 0)
                    .ToArbitrary(),
                value => PromptPlaceholders.Fill("<{{x}}>", Json5Object.Of(("x", new Json5String(value)))).Text == $"<{value}>"
            )
        );

    [Fact]
    public void Any_text_is_filled_in_and_one_without_two_braces_stays_as_it_is() =>
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(500),
            Prop.ForAll(
                Gen.Elements("{", "}", "{{", "}}", "title", ".", "[", "0", "]", "-", "\\", "\n", " ", "gone", "é")
                    .ArrayOf()
                    .Select(string.Concat)
                    .ToArbitrary(),
                text =>
                {
                    var filled = PromptPlaceholders.Fill(text, Values, name => name == "title");
                    return (PromptPlaceholders.ExistIn(text) || filled.Text == text)
                        && filled.Holes.All(placeholder =>
                            filled.Text.Substring(placeholder.Start, placeholder.Length).Trim('{', '}').Trim() == placeholder.Name
                        );
                }
            )
        );
}
