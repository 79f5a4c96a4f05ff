using System.Text;
using Plue.Server.Catalog;
using Plue.Server.Codices;
using Plue.Server.Json5;
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
    [InlineData("{ default_large: 'tour', trash_days: 0 }", "tour", 1)]
    [InlineData("{ default_large: { provider: 'tour', model: 5 } }", null, 1)]
    public void Valid_settings_apply_and_invalid_ones_are_reported(string text, string? expected, int problems)
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
        Save(
            "{ default_small: { provider: 'ollama', model: 'qwen3' }, fallbacks: ['tour', { provider: 'codex://providers/groq', model: 'big' }] }"
        );
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
        Assert.Equal(
            FailureKind.Conflict,
            Assert
                .Throws<FailureException>(() => UserConfig.SetChoice(paths, UserConfig.DefaultLargeKey, new ModelChoice("tour")))
                .Failure.Kind
        );
        Assert.Equal(text, File.ReadAllText(paths.Config));
    }

    [Fact]
    public void The_first_choice_makes_the_file()
    {
        UserConfig.SetChoice(paths, UserConfig.DefaultLargeKey, new ModelChoice("tour"));
        Assert.Equal("{\n  default_large: \"tour\",\n}\n", File.ReadAllText(paths.Config));
    }

    [Theory]
    [InlineData("budget_usd_per_day: -1", "1 error: `budget_usd_per_day` is less than 0, the minimum.")]
    [InlineData("budget_usd_per_day: '5'", "1 error: `budget_usd_per_day` is text where a number was expected.")]
    [InlineData("trash_days: 0.5", "1 error: `trash_days` is less than 1, the minimum.")]
    [InlineData(
        "notify_when_finished: 'allways'",
        "1 error: `notify_when_finished` must be one of never, when_hidden, always. Did you mean `always`?"
    )]
    [InlineData("mask_secrets: 'no'", "1 error: `mask_secrets` is text where true or false was expected.")]
    [InlineData(
        "catalog_refresh_url: 'file:///etc'",
        "1 error: `catalog_refresh_url` must be an address that begins with http:// or https://."
    )]
    [InlineData("fallbacks: 'tour'", "1 error: `fallbacks` must be a list of providers.")]
    [InlineData("budget_usd_per_dy: 5", "1 warning: `budget_usd_per_dy` is not a known setting. Did you mean `budget_usd_per_day`?")]
    public void An_invalid_value_is_reported_with_its_position_and_the_others_apply(string member, string expected)
    {
        Save("{ " + member + ", budget_usd_per_chat: 2.5 }");
        var config = UserConfig.Read(paths);
        var problem = Assert.Single(config.Problems);
        Assert.Equal(expected.Split(": ", 2)[1], problem.Message);
        Assert.Equal((1, expected.Contains(" error", StringComparison.Ordinal)), (problem.Line, problem.IsError));
        Assert.Equal(2.5, config.Number(UserConfig.BudgetPerChatKey));
        Assert.Null(config.Number(UserConfig.BudgetPerDayKey));
    }

    [Fact]
    public void Missing_settings_have_the_default_that_the_page_shows()
    {
        Save("{ trash_days: 7, mask_secrets: null }");
        var config = UserConfig.Read(paths);
        Assert.Equal(7, config.Number(UserConfig.TrashDaysKey));
        Assert.Equal("when_hidden", config.Text(UserConfig.NotifyKey));
        Assert.True(config.Flag(UserConfig.MaskSecretsKey));
        Assert.False(config.Flag(CatalogSettings.DailyKey));
        Assert.Null(config.Number(UserConfig.BudgetPerDayKey));
        Assert.Null(config.Text(CatalogSettings.UrlKey));
    }

    [Fact]
    public void A_value_that_cannot_be_followed_is_not_written()
    {
        Save("{ trash_days: 7 }");
        foreach (
            var value in new Json5Node[]
            {
                new Json5Number(0),
                new Json5String("7"),
                new Json5Number(double.NaN),
                new Json5Number(double.PositiveInfinity),
            }
        )
        {
            Assert.Equal(
                FailureKind.MissingField,
                Assert.Throws<FailureException>(() => UserConfig.Set(paths, UserConfig.TrashDaysKey, value)).Failure.Kind
            );
        }

        Assert.Equal("{ trash_days: 7 }", File.ReadAllText(paths.Config));
    }

    [Fact]
    public void Every_setting_is_explained_and_its_default_is_one_that_may_be_written()
    {
        Assert.All(
            SettingsSchema.Sections.SelectMany(section => section.Fields),
            field =>
            {
                Assert.False(string.IsNullOrWhiteSpace(field.Description), field.Name);
                if (field.Default is { } value)
                {
                    UserConfig.Set(paths, field.Name, value);
                }
            }
        );
        Assert.Empty(UserConfig.Read(paths).Problems);
    }

    private void Save(string text) => DocumentFile.Replace(paths.Config, Encoding.UTF8.GetBytes(text));
}
