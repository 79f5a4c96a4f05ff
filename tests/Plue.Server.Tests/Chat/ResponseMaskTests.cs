using FsCheck;
using FsCheck.Fluent;
using Plue.Server.Chat;
using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Vault;

namespace Plue.Server.Tests.Chat;

public sealed class ResponseMaskTests
{
    private const string Canary = "sk-canary-sk-canary-77";
    private readonly Redactor redactor = new();

    [Fact]
    public void A_secret_is_masked_wherever_the_stream_is_split()
    {
        redactor.Register(Canary);
        var text = $"The key is {Canary}, base64 {Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(Canary))}, not sk-can.";
        for (var at = 0; at <= text.Length; at++)
        {
            for (var size = 1; size < 9; size += 3)
            {
                var pieces = new[] { text[..at] }.Concat(text[at..].Chunk(size).Select(piece => new string(piece)));
                Assert.Equal(redactor.Mask(text), string.Concat(TextOf(pieces.Select(piece => new ProviderEvent.TextDelta(piece)))));
            }
        }
    }

    [Fact]
    public void Masking_in_chunks_gives_the_same_text_as_masking_the_whole()
    {
        // Few letters, and secrets that overlap themselves and each other, make matches frequent.
        var letters = Gen.Elements('a', 'b', '-');
        var secret = letters.ListOf(5).Select(list => new string([.. list]));
        var cases =
            from secrets in secret.ListOf(3)
            from pieces in letters.NonEmptyListOf().Select(list => new string([.. list])).ListOf()
            select (secrets, pieces);
        Check.QuickThrowOnFailure(
            Prop.ForAll(
                cases.ToArbitrary(),
                test =>
                {
                    var some = new Redactor();
                    foreach (var one in test.secrets)
                    {
                        some.Register(one);
                    }

                    return some.Mask(string.Concat(test.pieces))
                        == string.Concat(TextOf(test.pieces.Select(piece => new ProviderEvent.TextDelta(piece)), some));
                }
            )
        );
    }

    [Fact]
    public void Text_that_cannot_be_a_secret_goes_on_at_once()
    {
        redactor.Register(Canary);
        var mask = new ResponseMask(redactor);
        var given = new List<ProviderEvent>();
        mask.Take(new ProviderEvent.TextDelta("Hello "), given.Add);
        mask.Take(new ProviderEvent.TextDelta("wor"), given.Add);
        Assert.Equal(["Hello ", "wor"], given.OfType<ProviderEvent.TextDelta>().Select(delta => delta.Text));
    }

    [Fact]
    public void Buffered_text_precedes_the_end_and_other_parts()
    {
        redactor.Register(Canary);
        var mask = new ResponseMask(redactor);
        var given = new List<ProviderEvent>();
        mask.Take(new ProviderEvent.ReasoningDelta("a sk-can"), given.Add);
        mask.Take(new ProviderEvent.TextDelta("b sk-can"), given.Add);
        mask.Take(new ProviderEvent.Finished(StopReason.EndTurn), given.Add);
        Assert.Equal(
            [
                new ProviderEvent.ReasoningDelta("a "),
                new ProviderEvent.ReasoningDelta("sk-can"),
                new ProviderEvent.TextDelta("b "),
                new ProviderEvent.TextDelta("sk-can"),
                new ProviderEvent.Finished(StopReason.EndTurn),
            ],
            given
        );
    }

    [Fact]
    public void Arguments_and_results_of_tools_are_masked_too()
    {
        redactor.Register(Canary);
        var mask = new ResponseMask(redactor);
        var given = new List<ProviderEvent>();
        mask.Take(new ProviderEvent.ToolCallDelta("t", "{\"key\":\"sk-canary-"), given.Add);
        mask.Take(new ProviderEvent.ToolCallDelta("t", "sk-canary-77\"}"), given.Add);
        mask.Take(new ProviderEvent.ToolCallFinished("t", "read", $"{{\"key\":\"{Canary}\"}}"), given.Add);
        mask.Take(new ProviderEvent.ToolResultReceived("t", $"KEY={Canary}", null), given.Add);
        Assert.DoesNotContain("canary", string.Join('\n', given));
        Assert.Equal("{\"key\":\"***\"}", string.Concat(given.OfType<ProviderEvent.ToolCallDelta>().Select(delta => delta.ArgumentsJson)));
    }

    [Fact]
    public void An_answer_that_begins_again_forgets_what_waited()
    {
        redactor.Register(Canary);
        var mask = new ResponseMask(redactor);
        var given = new List<ProviderEvent>();
        mask.Take(new ProviderEvent.TextDelta("sk-can"), given.Add);
        mask.Take(new ProviderEvent.Restarted(2, TimeSpan.Zero, "again"), given.Add);
        mask.Take(new ProviderEvent.TextDelta("ary"), given.Add);
        Assert.Equal("ary", string.Concat(given.OfType<ProviderEvent.TextDelta>().Select(delta => delta.Text)));
    }

    private IEnumerable<string> TextOf(IEnumerable<ProviderEvent> events, Redactor? own = null)
    {
        var mask = new ResponseMask(own ?? redactor);
        var given = new List<ProviderEvent>();
        foreach (var next in events)
        {
            mask.Take(next, given.Add);
        }

        mask.Release(given.Add);
        return given.OfType<ProviderEvent.TextDelta>().Select(delta => delta.Text);
    }
}
