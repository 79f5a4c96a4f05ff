using FsCheck;
using FsCheck.Fluent;
using Plue.Server.Providers.OpenAi;

namespace Plue.Server.Tests.Providers;

public class ThinkTagTests
{
    [Theory]
    [InlineData("<think>a</think>b", "a", "b")]
    [InlineData("\n <think>\n a b \n</think>\n\n b ", "a b", "b ")]
    [InlineData("<think>\n\n</think>\n\nb", "", "b")]
    [InlineData("<think>never ends", "never ends", "")]
    [InlineData("<think>a</think", "a</think", "")]
    [InlineData("<think>a < b </think>c<think>d</think>", "a < b", "c<think>d</think>")]
    [InlineData("<thinking>a</thinking>", "", "<thinking>a</thinking>")]
    [InlineData("say <think>a</think>", "", "say <think>a</think>")]
    [InlineData("  b", "", "  b")]
    [InlineData(" \n", "", " \n")]
    [InlineData("</think>b", "", "</think>b")]
    [InlineData("", "", "")]
    public void Reads_leading_think_tags_as_reasoning_at_any_split(string answer, string reasoning, string text)
    {
        Assert.Equal((reasoning, text), Split([answer]));
        Assert.Equal((reasoning, text), Split(answer.Select(letter => letter.ToString())));
        for (var at = 0; at <= answer.Length; at++)
        {
            Assert.Equal((reasoning, text), Split([answer[..at], answer[at..]]));
        }
    }

    [Fact]
    public void Any_cut_of_any_answer_gives_the_same()
    {
        var pieces = Gen.Elements("<think>", "</think>", "</think>", "<", "/think>", "</", " ", "\n", "a", "b c", "👋");
        var begins = Gen.Elements("<think>", "\n<think>", "");
        var answers = from begin in begins from rest in Gen.ListOf(pieces) select begin + string.Concat(rest);
        var sizes = Gen.ListOf(Gen.Choose(1, 5));
        Prop.ForAll(answers.ToArbitrary(), sizes.ToArbitrary(), (answer, lengths) => Split(Cut(answer, lengths)) == Split([answer]))
            .QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Nothing_of_an_answer_without_the_tag_is_lost_or_moved()
    {
        Prop.ForAll<NonNull<string>[]>(parts =>
            {
                var answer = string.Concat(parts.Select(part => part.Get));
                return answer.TrimStart().StartsWith("<think>", StringComparison.Ordinal)
                    || Split(parts.Select(part => part.Get)) == ("", answer);
            })
            .QuickCheckThrowOnFailure();
    }

    private static IEnumerable<string> Cut(string answer, IEnumerable<int> lengths)
    {
        foreach (var length in lengths)
        {
            yield return answer[..Math.Min(length, answer.Length)];
            answer = answer[Math.Min(length, answer.Length)..];
        }

        yield return answer;
    }

    private static (string Reasoning, string Text) Split(IEnumerable<string> deltas)
    {
        var tag = new ThinkTag();
        var parts = deltas.Select(tag.Read).ToList();
        parts.Add(tag.End());
        var split = (string.Concat(parts.Select(part => part.Reasoning)), string.Concat(parts.Select(part => part.Text)));
        // After the first text, nothing is reasoning.
        Assert.DoesNotContain(
            parts.SkipWhile(part => string.IsNullOrEmpty(part.Text)).Skip(1),
            part => !string.IsNullOrEmpty(part.Reasoning)
        );
        return split;
    }
}
