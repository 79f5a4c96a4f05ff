using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Plue.Server.Platform;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Platform;

public class HiddenCharactersTests
{
    public static TheoryData<string> Cases => [.. Data().Select(sample => (string)sample["what"]!)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Hidden_characters_are_counted_and_made_visible(string what)
    {
        var sample = Data().Single(sample => (string)sample["what"]! == what);
        var text = (string)sample["text"]!;
        Assert.Equal(((string)sample["visible"]!, (int)sample["count"]!), (HiddenCharacters.Visible(text), HiddenCharacters.Count(text)));
    }

    [Fact]
    public void Visible_text_contains_no_hidden_characters() =>
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(500),
            Prop.ForAll(
                ArbMap.Default.GeneratorFor<NonNull<string>>().Where(text => !text.Get.Any(char.IsSurrogate)).ToArbitrary(),
                text =>
                    HiddenCharacters.Count(HiddenCharacters.Visible(text.Get)) == 0
                    && (HiddenCharacters.Count(text.Get) > 0 || HiddenCharacters.Visible(text.Get) == text.Get)
            )
        );

    [Fact]
    public void A_name_is_shown_in_one_line() =>
        Assert.Equal("a⟨U+000A⟩b⟨U+000D⟩⟨U+000A⟩\tc⟨U+202E⟩", HiddenCharacters.VisibleLine("a\nb\r\n\tc\u202E"));

    [Fact]
    public void Making_characters_visible_is_reversible()
    {
        foreach (var sample in Data())
        {
            Assert.Equal((string)sample["text"]!, HiddenCharacters.Hidden((string)sample["visible"]!));
        }
    }

    private static IEnumerable<JsonNode> Data() =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Root, "tests", "hidden-characters.json")))!.AsArray().OfType<JsonNode>();
}
