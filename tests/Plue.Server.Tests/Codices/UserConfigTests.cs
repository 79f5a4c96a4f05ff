using System.Text;
using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Templates;

namespace Plue.Server.Tests.Codices;

public sealed class UserConfigTests : IDisposable
{
    private readonly PluePaths paths = new(Directory.CreateTempSubdirectory("plue-config-").FullName);

    public void Dispose() => Directory.Delete(paths.Home, recursive: true);

    [Fact]
    public void Without_a_file_the_defaults_count()
    {
        var config = UserConfig.Read(paths);
        Assert.Null(config.DefaultLarge);
        Assert.Empty(config.Problems);
        Assert.Null(UserConfig.SetChoice(paths, UserConfig.DefaultLargeKey, null).DefaultLarge);
        Assert.False(File.Exists(paths.Config));
    }

    [Theory]
    [InlineData("{ default_large: 'tour' }", "tour", 0)]
    [InlineData("{ default_large: 'codex://providers/tour' }", "tour", 0)]
    [InlineData("\uFEFF", null, 0)]
    [InlineData("{ default_large: null, from_a_later_version: {x: 1} }", null, 0)]
    [InlineData("{ default_large: 5 }", null, 1)]
    [InlineData("{ default_large: 'codex://prompts/tour' }", null, 1)]
    [InlineData("{ defaultlarge: 'tour' }", null, 1)]
    [InlineData("{ default_large: 'tour'", null, 1)]
    [InlineData("[]", null, 1)]
    public void What_the_file_says_counts_and_what_is_wrong_is_reported(string text, string? expected, int problems)
    {
        Save(text);
        var config = UserConfig.Read(paths);
        Assert.Equal((expected, problems), (config.DefaultLarge?.ProviderId, config.Problems.Count));
    }

    [Fact]
    public void Choosing_a_provider_keeps_comments_and_unknown_keys()
    {
        Save("// settings\n{\n  later: [1, 2], // kept\n}\n");
        Assert.Equal("tour", UserConfig.SetChoice(paths, UserConfig.DefaultLargeKey, new ModelChoice("tour")).DefaultLarge?.ProviderId);
        Assert.Equal("// settings\n{\n  later: [1, 2], // kept\n  default_large: \"tour\",\n}\n", File.ReadAllText(paths.Config));
        Assert.Null(UserConfig.SetChoice(paths, UserConfig.DefaultLargeKey, null).DefaultLarge);
        Assert.Equal("// settings\n{\n  later: [1, 2], // kept\n}\n", File.ReadAllText(paths.Config));
    }

    [Fact]
    public void A_choice_may_name_a_model_and_fallbacks_keep_their_order()
    {
        Save("{ default_small: { provider: 'ollama', model: 'qwen3' }, fallbacks: ['tour', { provider: 'codex://providers/groq', model: 'big' }] }");
        var config = UserConfig.Read(paths);
        Assert.Equal(new ModelChoice("ollama", "qwen3"), config.DefaultSmall);
        Assert.Equal([new ModelChoice("tour"), new ModelChoice("groq", "big")], config.Fallbacks);
        Assert.Empty(config.Problems);
    }

    [Theory]
    [InlineData("{ broken")]
    [InlineData("[1]")]
    public void A_bad_file_is_left_alone(string text)
    {
        Save(text);
        Assert.Equal(FailureKind.Conflict, Assert.Throws<FailureException>(() => UserConfig.SetChoice(paths, UserConfig.DefaultLargeKey, new ModelChoice("tour"))).Failure.Kind);
        Assert.Equal(text, File.ReadAllText(paths.Config));
    }

    [Fact]
    public void The_first_choice_makes_the_file()
    {
        UserConfig.SetChoice(paths, UserConfig.DefaultLargeKey, new ModelChoice("tour"));
        Assert.Equal("{\n  default_large: \"tour\",\n}\n", File.ReadAllText(paths.Config));
    }

    private void Save(string text) => DocumentFile.Replace(paths.Config, Encoding.UTF8.GetBytes(text));
}
