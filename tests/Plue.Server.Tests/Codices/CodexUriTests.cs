using FsCheck;
using FsCheck.Fluent;
using Plue.Server.Codices;
using Plue.Server.Messages;

namespace Plue.Server.Tests.Codices;

public class CodexUriTests
{
    [Theory]
    [InlineData("codex://providers/local-llama", CodexCollection.Providers, "local-llama")]
    [InlineData("codex://chats/chat_0192f0c1d2e37", CodexCollection.Chats, "chat_0192f0c1d2e37")]
    [InlineData("codex://prompts/default-assistant.md", CodexCollection.Prompts, "default-assistant")]
    [InlineData("codex://prompts/default-assistant", CodexCollection.Prompts, "default-assistant")]
    [InlineData("codex://templates/v1.2", CodexCollection.Templates, "v1.2")]
    [InlineData("codex://items/0", CodexCollection.Items, "0")]
    [InlineData("codex://tasks/x.md", CodexCollection.Tasks, "x.md")]
    public void An_address_is_read(string text, CodexCollection collection, string name)
    {
        var uri = CodexUri.Parse(text);
        Assert.Equal((collection, name), (uri.Collection, uri.Name));
    }

    [Theory]
    [InlineData("")]
    [InlineData("codex://")]
    [InlineData("codex://providers")]
    [InlineData("codex://providers/")]
    [InlineData("codex:///x")]
    [InlineData("codex://Providers/x")]
    [InlineData("CODEX://providers/x")]
    [InlineData("codex://secrets/x")]
    [InlineData("codex://0/x")]
    [InlineData("codex://providers/X")]
    [InlineData("codex://providers/a/b")]
    [InlineData("codex://providers/../x")]
    [InlineData("codex://providers/..")]
    [InlineData("codex://providers/a..b")]
    [InlineData("codex://providers/.hidden")]
    [InlineData("codex://providers/-x")]
    [InlineData("codex://providers/x.")]
    [InlineData("codex://providers/a\\b")]
    [InlineData("codex://providers/a\0b")]
    [InlineData("codex://providers/a b")]
    [InlineData("codex://providers/a%2fb")]
    [InlineData("codex://providers/a?b")]
    [InlineData("codex://providers/caf\u00e9")]
    [InlineData("codex://providers/\u0430pple")]
    [InlineData("codex://providers/\u212Aelvin")]
    [InlineData("codex://providers/\uFF41")]
    [InlineData("codex://providers/con")]
    [InlineData("codex://providers/nul.txt")]
    [InlineData("codex://prompts/.md")]
    [InlineData("codex://prompts/x.md.md")]
    [InlineData("codex://prompts/tools/read")]
    [InlineData(" codex://providers/x")]
    [InlineData("codex://providers/x\n")]
    public void Refuses_names_that_could_escape_the_folder_or_be_confused(string text)
    {
        Assert.False(CodexUri.TryParse(text, out _));
        Assert.Equal(FailureKind.NotFound, Assert.Throws<FailureException>(() => CodexUri.Parse(text)).Failure.Kind);
    }

    [Fact]
    public void A_name_has_128_characters_at_most()
    {
        Assert.True(CodexUri.TryParse("codex://chats/" + new string('a', 128), out _));
        Assert.False(CodexUri.TryParse("codex://chats/" + new string('a', 129), out _));
    }

    [Fact]
    public void Parsed_addresses_round_trip_and_stay_in_their_folder()
    {
        var names = Gen.Elements("abz09._-/\\\0.. AZéа%:md".ToCharArray()).ListOf().Select(list => string.Concat(list));
        var cases =
            from collection in Gen.Elements("providers", "prompts", "chats", "nothing")
            from name in names
            select $"codex://{collection}/{name}";
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(3_000),
            Prop.ForAll(
                cases.ToArbitrary(),
                text =>
                {
                    if (!CodexUri.TryParse(text, out var uri))
                    {
                        return;
                    }

                    Assert.Equal(uri, CodexUri.Parse(uri.ToString()));
                    Assert.Contains(text, (string[])[uri.ToString(), uri + ".md"]);
                    Assert.Equal("/home", Path.GetDirectoryName(Path.GetFullPath(Path.Combine("/home", uri.Name))));
                }
            )
        );
    }
}
